import { canonicalJson } from '../audit/canonical-json.js'
import type { RepositoryName } from '../gitea/repos.js'
import { sha256Hex } from '../lib/crypto.js'
import { Forbidden, InvalidInput } from '../lib/errors.js'
import { findNearMisses } from '../lib/near-miss.js'
import { decide } from '../policy/decide.js'
import type { Decision } from '../policy/decision.js'
import { findJobRules } from '../policy/job-rules.js'
import type { Policy } from '../policy/policy.js'
import type { WantedRun } from '../tools/automation-port.js'
import { type Job, toPseudoTool } from './define-job.js'
import type { JobQueue } from './queue.js'

/* A run that a person asks for, checked before it waits: whatever is wrong with it is told at once. */

interface StartDeps {
  readonly jobs: readonly Job[]
  readonly policy: Policy
  readonly queue: Pick<JobQueue, 'enqueue'>
}

/**
 * Puts a run into the queue; one that waits and is the same stands for it.
 *
 * @throws InvalidInput for an unknown job or wrong parameters, Forbidden where the policy does not allow the job
 */
export function startRun(
  { jobs, policy, queue }: StartDeps,
  { job: name, repository, dryRun, parameters, by }: WantedRun,
): { readonly id: string; readonly isNew: boolean } {
  const job = getJob(jobs, name)
  const decision = decideJob(policy, job.name, repository)
  if (decision.effect !== 'allow') {
    throw new Forbidden(describeDenial(decision, job, repository), { rule: decision.rule })
  }
  checkPolicyOnly(job, parameters)
  const target = { owner: repository.owner, name: repository.repo }
  checkParameters(job, { ...findJobRules(policy, job.name, target).parameters, ...parameters })
  const place = `${repository.owner}/${repository.repo}`
  const said = sha256Hex(canonicalJson(parameters, (value) => JSON.stringify(value) ?? '')).slice(0, 16)
  return queue.enqueue({
    kind: job.name,
    repository: place,
    parameters,
    trigger: 'manual',
    triggeredBy: by,
    dryRun,
    dedupeKey: `manual:${job.name}:${place}:${dryRun ? 'dry' : 'real'}:${said}`.toLowerCase(),
  })
}

/** What the policy says about a job in a repository. */
export function decideJob(policy: Policy, job: string, { owner, repo }: RepositoryName): Decision {
  return decide(policy, { tool: toPseudoTool(job), effect: 'write', repository: { owner, name: repo } })
}

/** @throws InvalidInput with the names that are near */
export function getJob(jobs: readonly Job[], name: string): Job {
  const found = jobs.find((job) => job.name === name)
  if (found !== undefined) {
    return found
  }
  const names = jobs.map((job) => job.name)
  const near = findNearMisses(name.slice(0, 100), names)
  const meant = near.length === 0 ? `The jobs are ${names.join(', ')}.` : `Did you mean ${near.join(' or ')}?`
  throw new InvalidInput(`There is no job “${name.slice(0, 100)}”. ${meant}`)
}

function describeDenial({ reason, effect }: Decision, { name }: Job, { owner, repo }: RepositoryName): string {
  const how =
    effect === 'approve'
      ? 'A job cannot wait for an approval'
      : `The admin allows it with ${toPseudoTool(name)} in repositories.${owner}/${repo}.tools.allow`
  return `The policy does not let ${name} run in ${owner}/${repo}: ${reason} ${how}.`
}

/** @throws InvalidInput for what only the policy may say */
export function checkPolicyOnly({ name, policyOnly = [] }: Job, asked: Readonly<Record<string, unknown>>): void {
  const wrong = policyOnly.filter((parameter) => Object.hasOwn(asked, parameter))
  if (wrong.length > 0) {
    throw new InvalidInput(`${wrong.join(', ')} of ${name} is set in the policy only. Leave it out.`)
  }
}

/** @throws InvalidInput naming what the job takes */
function checkParameters(job: Job, given: Readonly<Record<string, unknown>>): void {
  const parsed = job.parameters.safeParse(given)
  if (parsed.success) {
    return
  }
  const wrong = parsed.error.issues.map(({ path, message }) => [...path.map(String), message].join(': '))
  const takes = listParameters(job).map(({ name }) => name)
  const known = takes.length === 0 ? 'It takes no parameters' : `It takes ${takes.join(', ')}`
  throw new InvalidInput(`${job.name} cannot run with these parameters: ${wrong.slice(0, 5).join('; ')}. ${known}.`)
}

interface JobParameter {
  readonly name: string
  readonly meaning: string
}

/** What a job takes, in its order. */
export function listParameters({ parameters }: Job): readonly JobParameter[] {
  return Object.entries(parameters.shape).map(([name, field]) => ({ name, meaning: describeField(field) }))
}

/** Zod's schemas of a raw shape all have a description; the type of the shape has forgotten it. */
function describeField(field: unknown): string {
  return typeof field === 'object' && field !== null && 'description' in field ? String(field.description ?? '') : ''
}
