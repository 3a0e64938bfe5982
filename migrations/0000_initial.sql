CREATE TABLE `audit_checkpoint` (
	`size` integer PRIMARY KEY NOT NULL,
	`head_hash` text NOT NULL,
	`at` integer NOT NULL,
	`key_id` text NOT NULL,
	`signature` text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `audit_entry` (
	`seq` integer PRIMARY KEY NOT NULL,
	`prev_hash` text NOT NULL,
	`entry_hash` text NOT NULL,
	`body` text NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `approval` (
	`id` text PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`login` text NOT NULL,
	`client_id` text NOT NULL,
	`tool` text NOT NULL,
	`arguments_hash` text NOT NULL,
	`summary` text NOT NULL,
	`rule` text NOT NULL,
	`status` text NOT NULL,
	`decided_by` text,
	`created_at` integer NOT NULL,
	`decided_at` integer,
	`expires_at` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE INDEX `approval_call` ON `approval` (`account_id`,`tool`,`arguments_hash`,`status`);--> statement-breakpoint
CREATE TABLE `auth_failure` (
	`key` text PRIMARY KEY NOT NULL,
	`points` integer DEFAULT 0 NOT NULL,
	`expire` integer
) STRICT;
--> statement-breakpoint
CREATE TABLE `gitea_sign_in` (
	`state_hash` text PRIMARY KEY NOT NULL,
	`interaction_uid` text NOT NULL,
	`browser_hash` text NOT NULL,
	`verifier` text NOT NULL,
	`outcome` text,
	`account_id` text,
	`created_at` integer NOT NULL,
	`used_at` integer
) STRICT;
--> statement-breakpoint
CREATE INDEX `gitea_sign_in_interaction` ON `gitea_sign_in` (`interaction_uid`,`created_at`);--> statement-breakpoint
CREATE TABLE `gitea_token_set` (
	`account_id` text PRIMARY KEY NOT NULL,
	`login` text NOT NULL,
	`name` text NOT NULL,
	`access_token` text NOT NULL,
	`refresh_token` text NOT NULL,
	`scope` text NOT NULL,
	`expires_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`version` integer NOT NULL
) STRICT;
--> statement-breakpoint
CREATE TABLE `oauth_approval` (
	`account_id` text NOT NULL,
	`client_id` text NOT NULL,
	`redirect_uri` text NOT NULL,
	`scopes` text NOT NULL,
	`read_only` integer DEFAULT false NOT NULL,
	`repositories` text,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	PRIMARY KEY(`account_id`, `client_id`, `redirect_uri`)
) STRICT;
--> statement-breakpoint
CREATE TABLE `oauth_client` (
	`id` text PRIMARY KEY NOT NULL,
	`source` text NOT NULL,
	`metadata` text NOT NULL,
	`secret` text,
	`created_at` integer NOT NULL,
	`last_used_at` integer
) STRICT;
--> statement-breakpoint
CREATE INDEX `oauth_client_unused` ON `oauth_client` (`last_used_at`,`created_at`);--> statement-breakpoint
CREATE TABLE `oauth_grant` (
	`id` text PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`client_id` text NOT NULL,
	`client_name` text NOT NULL,
	`redirect_uri` text NOT NULL,
	`scopes` text NOT NULL,
	`read_only` integer DEFAULT false NOT NULL,
	`repositories` text,
	`created_at` integer NOT NULL,
	`expires_at` integer
) STRICT;
--> statement-breakpoint
CREATE INDEX `oauth_grant_account` ON `oauth_grant` (`account_id`,`client_id`);--> statement-breakpoint
CREATE TABLE `oauth_state` (
	`kind` text NOT NULL,
	`id_hash` text NOT NULL,
	`payload` text NOT NULL,
	`grant_id` text,
	`account_id` text,
	`client_id` text,
	`created_at` integer NOT NULL,
	`consumed_at` integer,
	`grace_uses` integer DEFAULT 0 NOT NULL,
	`expires_at` integer,
	PRIMARY KEY(`kind`, `id_hash`)
) STRICT;
--> statement-breakpoint
CREATE INDEX `oauth_state_grant` ON `oauth_state` (`grant_id`);--> statement-breakpoint
CREATE INDEX `oauth_state_account` ON `oauth_state` (`account_id`,`client_id`);--> statement-breakpoint
CREATE INDEX `oauth_state_expiry` ON `oauth_state` (`expires_at`);
--> statement-breakpoint
CREATE TRIGGER `audit_entry_no_update` BEFORE UPDATE ON `audit_entry` BEGIN SELECT RAISE(ABORT, 'audit entries are append-only'); END;
--> statement-breakpoint
CREATE TRIGGER `audit_entry_no_delete` BEFORE DELETE ON `audit_entry` BEGIN SELECT RAISE(ABORT, 'audit entries are append-only'); END;
--> statement-breakpoint
CREATE TRIGGER `audit_checkpoint_no_update` BEFORE UPDATE ON `audit_checkpoint` BEGIN SELECT RAISE(ABORT, 'audit checkpoints are append-only'); END;
--> statement-breakpoint
CREATE TRIGGER `audit_checkpoint_no_delete` BEFORE DELETE ON `audit_checkpoint` BEGIN SELECT RAISE(ABORT, 'audit checkpoints are append-only'); END;
