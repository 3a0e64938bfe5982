import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import type { TriggerFacts } from '../jobs/define-job.js'
import { findNeeded } from './event-types.js'
import type { SignedBody } from './signed-body.js'

/** One delivery of Gitea, as far as it was understood. */
export interface Delivery {
  /** `X-Gitea-Delivery`, or made from the digest where there is none. */
  readonly id: string
  /** `X-Gitea-Event-Type`. */
  readonly eventType: string
  readonly action: string | undefined
  readonly repository: DeliveredRepository | undefined
  readonly sender: string | undefined
  readonly digest: string
  /** What jobs are told: names, numbers and ids; nothing that people wrote but paths and refs. */
  readonly facts: TriggerFacts
  /** Why it sets nothing off, where that is already known. */
  readonly problem?: 'unknown_event' | 'not_understood'
}

interface DeliveredRepository {
  readonly id: number
  readonly owner: string
  readonly name: string
  readonly isPrivate: boolean
}

/** As long as a branch name gets in Gitea. */
const MAX_WORD_CHARS = 255
const MAX_PATH_CHARS = 500
const MAX_FILES = 300
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const EVENT = /^[a-z][a-z0-9_]{0,63}$/
const NO_COMMIT = /^0+$/

// what is absent, null or of another type is not there: a payload is a hint, and versions differ
const word = z.string().max(MAX_WORD_CHARS).nullish().catch(undefined)
const whole = z.int().nonnegative().nullish().catch(undefined)
const flag = z.boolean().nullish().catch(undefined)
const part = <Shape extends z.ZodRawShape>(shape: Shape) => z.object(shape).nullish().catch(undefined)
const paths = z.array(z.string()).nullish().catch(undefined)

const Payload = z.object({
  action: word,
  number: whole,
  is_pull: flag,
  ref: word,
  ref_type: word,
  before: word,
  after: word,
  sha: word,
  state: word,
  context: word,
  total_commits: whole,
  commits: z
    .array(z.object({ added: paths, removed: paths, modified: paths }))
    .nullish()
    .catch(undefined),
  repository: part({
    id: z.int().positive(),
    name: z.string().min(1).max(MAX_WORD_CHARS),
    private: z.boolean(),
    owner: z.object({ login: z.string().min(1).max(MAX_WORD_CHARS) }),
    default_branch: word,
  }),
  sender: part({ login: z.string().max(MAX_WORD_CHARS) }),
  issue: part({ number: whole, updated_at: word }),
  pull_request: part({
    number: whole,
    updated_at: word,
    merged: flag,
    draft: flag,
    head: part({ ref: word, sha: word }),
    base: part({ ref: word }),
  }),
  comment: part({ id: whole, updated_at: word }),
  review: part({ type: word }),
  release: part({ id: whole, tag_name: word, draft: flag, prerelease: flag }),
  workflow_run: part({ id: whole, head_sha: word, head_branch: word, status: word, conclusion: word }),
  workflow_job: part({ id: whole, run_id: whole, head_sha: word, head_branch: word, status: word, conclusion: word }),
})
type Payload = z.infer<typeof Payload>

/** What a signed delivery says. Never throws: what cannot be understood is kept as that. */
export function parseDelivery(
  headers: IncomingHttpHeaders,
  { digest, json }: Pick<SignedBody, 'digest' | 'json'>,
): Delivery {
  const given = headers['x-gitea-delivery']
  const id = typeof given === 'string' && UUID.test(given) ? given.toLowerCase() : `sha256-${digest.slice(0, 32)}`
  // the exact type; versions of Gitea that do not send it send the coarse one
  const event = [headers['x-gitea-event-type'], headers['x-gitea-event']].find((value) => value !== undefined)
  const eventType = typeof event === 'string' && EVENT.test(event) ? event : 'unknown'
  const payload = Payload.safeParse(parseJson(json)).data
  if (payload === undefined) {
    const facts = { event: eventType }
    const nothing = { action: undefined, repository: undefined, sender: undefined }
    return { id, eventType, digest, facts, ...nothing, problem: 'not_understood' }
  }
  const facts = toFacts(eventType, payload)
  const needed = findNeeded(eventType)
  const isWhole = needed?.every((name) => name === 'repository' || facts[name] !== undefined) === true
  const isPlaced = needed?.includes('repository') !== true || payload.repository != null
  const problem = needed === undefined ? 'unknown_event' : isWhole && isPlaced ? undefined : 'not_understood'
  return {
    id,
    eventType,
    digest,
    action: payload.action ?? undefined,
    repository: toRepository(payload),
    sender: payload.sender?.login,
    facts,
    ...(problem === undefined ? {} : { problem }),
  }
}

function parseJson(text: string | undefined): unknown {
  if (text === undefined) {
    return undefined
  }
  // anything may have been signed; only that it was is known
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function toRepository({ repository }: Payload): DeliveredRepository | undefined {
  return repository == null
    ? undefined
    : { id: repository.id, owner: repository.owner.login, name: repository.name, isPrivate: repository.private }
}

function toFacts(event: string, payload: Payload): TriggerFacts {
  const {
    issue,
    pull_request: pull,
    release,
    comment,
    review,
    repository,
    workflow_run: run,
    workflow_job: job,
  } = payload
  const facts = {
    event,
    action: payload.action,
    sender: payload.sender?.login,
    repository: repository == null ? undefined : `${repository.owner.login}/${repository.name}`,
    number: payload.number ?? issue?.number ?? pull?.number,
    updated_at: toLatest([issue?.updated_at, pull?.updated_at, comment?.updated_at]),
    is_pull: payload.is_pull ?? (pull != null || undefined),
    ref: payload.ref,
    ...toRefNames(payload),
    before: payload.before,
    after: payload.after,
    default_branch: repository?.default_branch,
    private: repository?.private,
    merged: pull?.merged,
    draft: pull?.draft ?? release?.draft,
    head_ref: pull?.head?.ref ?? run?.head_branch ?? job?.head_branch,
    head_sha: pull?.head?.sha ?? run?.head_sha ?? job?.head_sha,
    base_ref: pull?.base?.ref,
    comment_id: comment?.id,
    review: review?.type,
    release_id: release?.id,
    prerelease: release?.prerelease,
    sha: payload.sha,
    state: payload.state,
    context: payload.context,
    run_id: run?.id ?? job?.run_id,
    job_id: job?.id,
    status: run?.status ?? job?.status,
    conclusion: run?.conclusion ?? job?.conclusion,
    ...(event === 'push' ? toPushFacts(payload) : {}),
  }
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined && value !== null))
}

/** As Gitea writes times: an issue may be described as it was before its newest comment. */
function toLatest(times: readonly (string | null | undefined)[]): string | undefined {
  const moments = times.flatMap((time) => (Number.isNaN(Date.parse(time ?? '')) ? [] : Date.parse(time ?? '')))
  return moments.length === 0 ? undefined : new Date(Math.max(...moments)).toISOString()
}

/** `ref` is whole in a push and short where a branch or tag was made or deleted. */
function toRefNames({ ref, ref_type: type, release }: Payload): { branch?: string; tag?: string } {
  const name = ref ?? ''
  if (type === 'branch' || name.startsWith('refs/heads/')) {
    return { branch: name.replace(/^refs\/heads\//, '') }
  }
  if (type === 'tag' || name.startsWith('refs/tags/')) {
    return { tag: name.replace(/^refs\/tags\//, '') }
  }
  return release?.tag_name == null ? {} : { tag: release.tag_name }
}

/**
 * Gitea describes a few commits of a push only. The paths are told where the list is whole, so that a job which does not
 * find its file among them may believe it.
 */
function toPushFacts({ commits, total_commits: total, before, after }: Payload) {
  const described = commits ?? []
  const named = described.flatMap(({ added, removed, modified }) =>
    [added, removed, modified].flatMap((list) => list ?? []),
  )
  const isWhole =
    total != null &&
    described.length === total &&
    // an array that was shortened on its way in has so many items
    named.length < MAX_FILES &&
    named.every((path) => path.length <= MAX_PATH_CHARS) &&
    !NO_COMMIT.test(before ?? '0') &&
    !NO_COMMIT.test(after ?? '0')
  return { commits: total ?? described.length, ...(isWhole ? { changed_paths: [...new Set(named)] } : {}) }
}
