import type { AutomationSettings } from '../config/automation-settings.js'
import type { Job } from './define-job.js'
import { auditCheckpointPublish } from './kinds/audit-checkpoint-publish.js'
import { autoIssueCreation } from './kinds/auto-issue-creation.js'
import { createAdvisorySource } from './kinds/dependencies/advisory-source.js'
import { createDependencyHygieneScan } from './kinds/dependency-hygiene-scan.js'
import { labelSync } from './kinds/label-sync.js'
import { mentionDigest } from './kinds/mention-digest.js'
import { pullRequestHygiene } from './kinds/pull-request-hygiene.js'
import { releaseNotesDraft } from './kinds/release-notes-draft.js'
import { secretExposureScan } from './kinds/secret-exposure-scan.js'
import { createStaleIssueDetection } from './kinds/stale-issue-detection.js'

/** What of the settings jobs fall back to where the policy says nothing. */
export type JobSettings = Pick<AutomationSettings, 'staleDays' | 'advisorySource'>

/** For commands that only look at names and parameters. */
export const DEFAULT_JOB_SETTINGS: JobSettings = { staleDays: 30, advisorySource: undefined }

/** Every job there is, by name. */
export function createJobs(settings: JobSettings): readonly Job[] {
  return [
    auditCheckpointPublish,
    autoIssueCreation,
    createDependencyHygieneScan(
      settings.advisorySource === undefined ? undefined : createAdvisorySource(settings.advisorySource),
    ),
    labelSync,
    mentionDigest,
    pullRequestHygiene,
    releaseNotesDraft,
    secretExposureScan,
    createStaleIssueDetection(settings.staleDays),
  ]
}
