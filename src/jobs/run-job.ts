import { z } from 'zod'
import type { AutomationAccount } from '../identity/automation-account.js'
import { Cancelled, InvalidInput, toErrorText, UpstreamTimeout } from '../lib/errors.js'
import { MINUTE, SECOND } from '../lib/units.js'
import { decide } from '../policy/decide.js'
import { findJobRules } from '../policy/job-rules.js'
import { type EffectReport, type Job, type JobReport, toPseudoTool } from './define-job.js'
import { type JobServices, openJobContext } from './job-context.js'
import type { ClaimedJob } from './queue.js'
import { checkPolicyOnly } from './start-run.js'
import { isPassing, ToolRefused } from './tool-refused.js'

/** How one attempt of a job ended. */
type Ended =
  | { readonly kind: 'done'; readonly report: JobReport & { readonly effects: readonly EffectReport[] } }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly isPassing: boolean }
  | { readonly kind: 'stopped' }

const Facts = z.record(z.string(), z.unknown())

/**
 * Runs one attempt: policy first, then the job with its parameters (its own defaults, then the policy's, then those of
 * whoever asked). Never throws.
 *
 * @param signal fires when the job is cancelled, its lease is lost or the server stops
 */
export async function runJob(
  services: JobServices & { readonly account: AutomationAccount },
  job: Job,
  held: ClaimedJob,
  signal: AbortSignal,
): Promise<Ended> {
  const deadline = new AbortController()
  const timer = setTimeout(
    () => deadline.abort(new UpstreamTimeout(`The job did not end within ${job.deadlineMs / SECOND} s.`)),
    job.deadlineMs,
  )
  // an edge: whatever is thrown, the job gets its outcome
  try {
    const repository = toRepository(held)
    const { gate } = services
    const policy = gate.policy.current()
    const target = { owner: repository.owner, name: repository.repo }
    const decision = decide(policy, { tool: toPseudoTool(job.name), effect: 'write', repository: target })
    if (decision.effect !== 'allow') {
      return { kind: 'refused', reason: decision.reason }
    }
    const { parameters: ruled } = findJobRules(policy, job.name, target)
    const asked = Facts.parse(JSON.parse(held.parameters))
    checkPolicyOnly(job, asked)
    const parsed = job.parameters.safeParse({ ...ruled, ...asked })
    if (!parsed.success) {
      return { kind: 'refused', reason: `The parameters of ${job.name} are wrong: ${toProblems(parsed.error)}.` }
    }
    const { context, made } = openJobContext(services, {
      job,
      held,
      repository,
      parameters: parsed.data,
      facts: Facts.parse(JSON.parse(held.facts)),
      caller: await services.account.asCaller(job.name),
      signal: AbortSignal.any([signal, deadline.signal]),
    })
    const report = await job.run(context)
    return { kind: 'done', report: { ...report, effects: made } }
  } catch (error) {
    return toEnded(services, held, error, signal)
  } finally {
    clearTimeout(timer)
  }
}

function toEnded({ gate }: JobServices, { id, kind }: ClaimedJob, error: unknown, signal: AbortSignal): Ended {
  if (signal.aborted) {
    return { kind: 'stopped' }
  }
  if (error instanceof ToolRefused) {
    return { kind: 'failed', reason: error.message, isPassing: isPassing(error) }
  }
  const isOurs = !(error instanceof UpstreamTimeout || error instanceof Cancelled || error instanceof InvalidInput)
  if (isOurs) {
    gate.log.error({ job: id, kind, err: error }, 'job_failed')
  }
  return { kind: 'failed', reason: toErrorText(error).slice(0, 500), isPassing: !(error instanceof InvalidInput) }
}

/** @throws InvalidInput */
export function toRepository({ repository }: Pick<ClaimedJob, 'repository'>): { owner: string; repo: string } {
  const [owner, repo, ...more] = (repository ?? '').split('/')
  if (owner === undefined || repo === undefined || repo === '' || more.length > 0) {
    throw new InvalidInput('A job is about one repository, written as owner/name.')
  }
  return { owner, repo }
}

function toProblems(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
}

const FIRST_WAIT_MS = 10 * SECOND
const LONGEST_WAIT_MS = 30 * MINUTE

/** Exponential with full jitter in its upper half, so that what failed together does not come back together. */
export function toBackoffMs(attempt: number, random: number): number {
  const full = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 3 ** Math.max(0, attempt - 1))
  return Math.round(full / 2 + (full / 2) * random)
}
