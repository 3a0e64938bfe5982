import { decide } from '../policy/decide.js'
import { findJobRules } from '../policy/job-rules.js'
import type { Policy } from '../policy/policy.js'
import { type JobReport, toPseudoTool } from './define-job.js'
import type { JobQueue, JobRow } from './queue.js'
import { toRepository } from './run-job.js'

const TAKER = 'auto_issue_creation'
/** More findings of one run are in its report. */
const MOST_FINDINGS = 200

/** Hands the findings of a run to the job that makes issues of them, where the policy wants those of this kind. */
export function passOnFindings(
  queue: Pick<JobQueue, 'enqueue'>,
  policy: Policy,
  { id, kind, repository, dryRun }: Pick<JobRow, 'id' | 'kind' | 'repository' | 'dryRun'>,
  { findings = [], data }: JobReport,
): void {
  if (findings.length === 0 || repository === null || dryRun || kind === TAKER) {
    return
  }
  const { owner, repo: name } = toRepository({ repository })
  const place = { owner, name }
  const wanted = findJobRules(policy, TAKER, place).parameters.findings
  const isWanted = typeof wanted === 'object' && wanted !== null && Object.hasOwn(wanted, kind)
  const isAllowed = decide(policy, { tool: toPseudoTool(TAKER), effect: 'write', repository: place }).effect === 'allow'
  if (!isWanted || !isAllowed) {
    return
  }
  const issue = typeof data?.issue === 'number' ? { issue: data.issue } : {}
  queue.enqueue({
    kind: TAKER,
    repository,
    facts: { source: { job: kind, run: id, ...issue, findings: findings.slice(0, MOST_FINDINGS) } },
    trigger: 'job',
    triggeredBy: id,
    dedupeKey: `${TAKER}:${repository}:${kind}:${id}`.toLowerCase(),
  })
}
