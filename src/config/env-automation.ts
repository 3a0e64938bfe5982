import { flag, list, text, webUrl, whole } from './env-fields.js'

/** Settings of webhooks and jobs, as in env.ts. */
export const automation = {
  AUTOMATION_ENABLED: flag
    .default(false)
    .describe('Take webhooks of Gitea and run the jobs that the policy allows (automation_* in its lists).'),
  AUTOMATION_SCHEDULER_ENABLED: flag.default(false).describe('Run jobs by the cron lines of the policy too.'),
  AUTOMATION_TOKEN: text
    .optional()
    .describe('Access token of the Gitea account that jobs act as, best one of its own. Default: GITEA_TOKEN.'),
  AUTOMATION_WEBHOOK_SECRETS: list
    .default([])
    .describe('Secrets that Gitea’s webhooks are signed with, the current one first; two while one is changed.'),
  AUTOMATION_ALERT_WEBHOOK_URL: webUrl
    .optional()
    .describe(
      'Where secret_exposure_scan sends what it found in repositories that are not private: https, or this computer. Signed with the first of AUTOMATION_WEBHOOK_SECRETS.',
    ),
  AUTOMATION_CONCURRENCY: whole(1, 64).default(4).describe('How many jobs run at once; in one repository one.'),
  AUTOMATION_JOBS_PER_HOUR: whole(1, 100_000)
    .default(120)
    .describe(
      'How many jobs may begin in one repository within an hour; more wait. What people ask for does not wait.',
    ),
  AUTOMATION_RECONCILE_MINUTES: whole(0, 1440)
    .default(15)
    .describe('How often what webhooks did not tell is looked for, besides at the start; 0 for never.'),
  AUTOMATION_STALE_DAYS: whole(1, 3650)
    .default(30)
    .describe('After how many days without activity stale_issue_detection warns, unless the policy says otherwise.'),
  AUTOMATION_ADVISORY_SOURCE: text
    .optional()
    .describe('Advisories in the OSV format for dependency_hygiene_scan: a file, a folder or an https address.'),
}
