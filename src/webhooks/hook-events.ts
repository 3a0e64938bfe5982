import type { Job } from '../jobs/define-job.js'

/*
 * What a webhook in Gitea has to be set to, so that the event types come that jobs want. Its settings and the types have
 * names of their own.
 */

/** What this server itself wants to know: who may see a repository may have changed. */
const OWN = ['push', 'repository']

const SETTINGS: ReadonlyMap<string, string> = new Map([
  ['issues', 'issues_only'],
  ['pull_request', 'pull_request_only'],
  ['pull_request_review_approved', 'pull_request_review'],
  ['pull_request_review_rejected', 'pull_request_review'],
  ['pull_request_review_comment', 'pull_request_review'],
])

/** The `events` of a webhook that brings what these jobs and this server want, sorted. */
export function listHookEvents(jobs: readonly Pick<Job, 'events'>[]): readonly string[] {
  const wanted = [...OWN, ...jobs.flatMap(({ events }) => events)]
  return [...new Set(wanted.map((event) => SETTINGS.get(event) ?? event))].sort()
}
