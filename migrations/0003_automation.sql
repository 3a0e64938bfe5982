CREATE TABLE `automation_mark` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL,
	`changed_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `job` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`repository` text,
	`parameters` text NOT NULL,
	`facts` text NOT NULL,
	`trigger` text NOT NULL,
	`triggered_by` text NOT NULL,
	`dry_run` integer DEFAULT false NOT NULL,
	`dedupe_key` text,
	`state` text NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`run_at` integer NOT NULL,
	`lease_until` integer,
	`lease_token` text,
	`report` text,
	`last_error` text,
	`created_at` integer NOT NULL,
	`started_at` integer,
	`finished_at` integer
) STRICT;
--> statement-breakpoint
CREATE INDEX `job_due` ON `job` (`state`,`run_at`,`created_at`);--> statement-breakpoint
CREATE INDEX `job_running` ON `job` (`repository`) WHERE state = 'running';--> statement-breakpoint
CREATE UNIQUE INDEX `job_waiting` ON `job` (`dedupe_key`) WHERE state = 'ready';--> statement-breakpoint
CREATE INDEX `job_of_trigger` ON `job` (`triggered_by`);--> statement-breakpoint
CREATE INDEX `job_age` ON `job` (`created_at`);--> statement-breakpoint
CREATE TABLE `job_effect` (
	`key` text PRIMARY KEY NOT NULL,
	`job_id` text NOT NULL,
	`tool` text NOT NULL,
	`state` text NOT NULL,
	`result` text,
	`begun_at` integer NOT NULL,
	`done_at` integer
) STRICT;
--> statement-breakpoint
CREATE INDEX `job_effect_job` ON `job_effect` (`job_id`);--> statement-breakpoint
CREATE INDEX `job_effect_age` ON `job_effect` (`begun_at`);--> statement-breakpoint
CREATE TABLE `webhook_delivery` (
	`id` text PRIMARY KEY NOT NULL,
	`event_type` text NOT NULL,
	`action` text,
	`repository` text,
	`repository_id` integer,
	`sender` text,
	`digest` text NOT NULL,
	`facts` text NOT NULL,
	`outcome` text NOT NULL,
	`received_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE INDEX `webhook_delivery_digest` ON `webhook_delivery` (`digest`,`received_at`);--> statement-breakpoint
CREATE INDEX `webhook_delivery_repository` ON `webhook_delivery` (`repository`,`received_at`);--> statement-breakpoint
CREATE INDEX `webhook_delivery_age` ON `webhook_delivery` (`received_at`);