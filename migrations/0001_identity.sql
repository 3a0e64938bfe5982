CREATE TABLE `api_key` (
	`id` text PRIMARY KEY NOT NULL,
	`hash` text NOT NULL,
	`hint` text NOT NULL,
	`name` text NOT NULL,
	`login` text NOT NULL,
	`scopes` text NOT NULL,
	`read_only` integer NOT NULL,
	`repositories` text,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`last_used_at` integer,
	`revoked_at` integer,
	`replaced_by` text
) STRICT;
--> statement-breakpoint
CREATE UNIQUE INDEX `api_key_hash_unique` ON `api_key` (`hash`);--> statement-breakpoint
CREATE INDEX `api_key_login` ON `api_key` (`login`);--> statement-breakpoint
CREATE TABLE `repository_permission` (
	`login` text NOT NULL,
	`repository` text NOT NULL,
	`rights` text NOT NULL,
	`checked_at` integer NOT NULL,
	PRIMARY KEY(`login`, `repository`)
) STRICT;
--> statement-breakpoint
CREATE INDEX `repository_permission_repository` ON `repository_permission` (`repository`);--> statement-breakpoint
CREATE TABLE `server_switch` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL,
	`changed_at` integer NOT NULL,
	`changed_by` text NOT NULL
) STRICT;
