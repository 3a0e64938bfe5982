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
