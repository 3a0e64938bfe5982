import { z } from 'zod'
import type { RepositoryName } from '../gitea/repos.js'
import type { TriggerFacts } from '../jobs/define-job.js'
import { HOUR } from '../lib/units.js'
import type { Delivery } from './delivery.js'
import { findMissedPush, type KnownEvents, type LedgerLook, NO_COMMIT } from './known-events.js'

/*
 * One repository compared with the ledger. What the poll cannot know is not made up: an issue that changed in some other
 * way than by being opened, closed or merged has the action `reconciled`.
 */

/** How a repository was when last looked at. */
export const RepositoryMark = z.object({
  /** When that was, epoch milliseconds of our clock. */
  at: z.number(),
  /** That look found nothing that no delivery had told. */
  isQuiet: z.boolean().default(false),
  /** Issues changed up to here were looked at; a time as Gitea writes it. */
  since: z.string(),
  /** Numbers that changed in just that second and were looked at. */
  boundary: z.array(z.number()).default([]),
  /** Where the list of changed issues goes on, when it was too long for one round, and the latest change on its pages. */
  page: z.number().optional(),
  latest: z.string().optional(),
  heads: z.record(z.string(), z.string()).optional(),
  releases: z.array(z.number()).optional(),
})
export type RepositoryMark = z.output<typeof RepositoryMark>

/** What jobs want to hear of. */
export interface WantedKinds {
  readonly pushes: boolean
  readonly issues: boolean
  readonly releases: boolean
}

export interface ReconcileReads {
  /** Runs a tool that reads, and counts what it costs. */
  read<Output>(tool: string, args: Readonly<Record<string, unknown>>, schema: z.ZodType<Output>): Promise<Output>
  readonly findKnown: LedgerLook['findKnown']
  /** Epoch milliseconds. */
  readonly now: number
}

export interface Compared {
  /** What no delivery told, in the form of deliveries. */
  readonly missed: readonly Delivery[]
  readonly mark: Omit<RepositoryMark, 'isQuiet'>
  /** In words, what is left for the next round. */
  readonly left?: string
}

const Heads = z.object({
  default_branch: z.string(),
  private: z.boolean(),
  heads: z.array(z.object({ branch: z.string(), sha: z.string() })),
  left: z.number(),
})
const ChangedIssue = z.object({
  number: z.number(),
  is_pull: z.boolean(),
  state: z.enum(['open', 'closed']),
  merged: z.boolean(),
  author: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  closed_at: z.string(),
})
type ChangedIssue = z.output<typeof ChangedIssue>
const ChangedIssues = z.object({ issues: z.array(ChangedIssue), next: z.object({ page: z.int() }).optional() })
const Releases = z.object({
  releases: z.array(
    z.object({ id: z.number(), tag: z.string(), draft: z.boolean(), prerelease: z.boolean(), author: z.string() }),
  ),
})

const PAGE_SIZE = 50
/** Of changed issues, in one round. */
const MOST_PAGES = 10
/** Gitea may have sent a delivery a while before the poll saw the change, and its clock may be another. */
const SLACK_MS = HOUR

/**
 * @param mark undefined at the first look, which only notes how things are
 * @throws ToolRefused
 */
export async function compareRepository(
  name: RepositoryName,
  wanted: WantedKinds,
  mark: RepositoryMark | undefined,
  reads: ReconcileReads,
): Promise<Compared> {
  const place = `${name.owner}/${name.repo}`
  const known = reads.findKnown(place, (mark?.at ?? reads.now) - SLACK_MS)
  const pushes = wanted.pushes ? await comparePushes(name, mark, known, reads) : undefined
  const issues = wanted.issues ? await compareIssues(name, mark, known, reads) : undefined
  const releases = wanted.releases ? await compareReleases(name, mark, known, reads) : undefined
  const facts = [...(pushes?.facts ?? []), ...(releases?.facts ?? []), ...(issues?.facts ?? [])]
  const left = [pushes?.left, issues?.left].filter((text) => text !== undefined).join('; ')
  return {
    missed: facts.map((fact) => toDelivery(name, fact, pushes?.isPrivate)),
    mark: {
      at: reads.now,
      // what is not wanted now and wanted later begins then
      since: new Date(reads.now).toISOString(),
      boundary: [],
      ...issues?.mark,
      ...(pushes === undefined ? {} : { heads: pushes.heads }),
      ...(releases === undefined ? {} : { releases: releases.ids }),
    },
    ...(left === '' ? {} : { left }),
  }
}

async function comparePushes(
  name: RepositoryName,
  mark: RepositoryMark | undefined,
  { pushes, deleted }: KnownEvents,
  { read }: ReconcileReads,
) {
  const { heads, left, default_branch: main, private: isPrivate } = await read('list_heads', { ...name }, Heads)
  const before = mark?.heads
  const shared = { default_branch: main, private: isPrivate }
  const facts: TriggerFacts[] =
    before === undefined
      ? []
      : [
          ...heads.flatMap((head) => {
            const missed = findMissedPush(head, before[head.branch], pushes)
            const push = { event: 'push', ref: `refs/heads/${head.branch}`, branch: head.branch, ...shared }
            return missed === undefined ? [] : [{ ...push, ...missed }]
          }),
          ...Object.entries(before)
            .filter(([branch]) => left === 0 && !deleted.has(branch) && heads.every((head) => head.branch !== branch))
            .map(([branch]) => ({ event: 'delete', ref: branch, branch, before: NO_COMMIT, ...shared })),
        ]
  return {
    facts,
    isPrivate,
    heads: Object.fromEntries(heads.map(({ branch, sha }) => [branch, sha])),
    left: left === 0 ? undefined : `${left} branches are beyond what is compared`,
  }
}

async function compareIssues(
  name: RepositoryName,
  mark: RepositoryMark | undefined,
  known: KnownEvents,
  { read, now }: ReconcileReads,
) {
  if (mark === undefined) {
    // what Gitea's clock calls a minute ago may be now
    const since = toSecond(now - 60_000)
    return { facts: [], mark: { since, boundary: [] }, left: undefined }
  }
  const { since } = mark
  const rows: ChangedIssue[] = []
  let page: number | undefined = mark.page ?? 1
  for (let looked = 0; page !== undefined && looked < MOST_PAGES; looked += 1) {
    const part: z.output<typeof ChangedIssues> = await read(
      'list_changed_issues',
      { ...name, since, page, limit: PAGE_SIZE },
      ChangedIssues,
    )
    rows.push(...part.issues)
    page = part.next?.page
  }
  const isNew = (row: ChangedIssue) =>
    !(mark.boundary.includes(row.number) && Date.parse(row.updated_at) <= Date.parse(since))
  const facts = rows
    .filter((row) => isNew(row) && (known.issues.get(row.number) ?? 0) < Date.parse(row.updated_at))
    .reverse()
    .flatMap((row) => toIssueFacts(row, Date.parse(since), known))
  const latest = Math.max(Date.parse(mark.latest ?? since), ...rows.map((row) => Date.parse(row.updated_at)))
  if (page !== undefined) {
    const left = `changed issues from page ${page} on`
    return { facts, mark: { since, boundary: mark.boundary, page, latest: toSecond(latest) }, left }
  }
  const isAtBoundary = (row: ChangedIssue) => Date.parse(row.updated_at) === latest
  const stays = latest === Date.parse(since) ? mark.boundary : []
  const boundary = [...new Set([...stays, ...rows.filter(isAtBoundary).map(({ number }) => number)])]
  return { facts, mark: { since: toSecond(latest), boundary, page: undefined, latest: undefined }, left: undefined }
}

function toIssueFacts(row: ChangedIssue, since: number, { turns }: KnownEvents): TriggerFacts[] {
  const { number, is_pull: isPull, merged } = row
  const event = isPull ? 'pull_request' : 'issues'
  const shared = { number, is_pull: isPull, updated_at: new Date(row.updated_at).toISOString() }
  // what was told is not told again because of something later that was not
  const isOpened = Date.parse(row.created_at) >= since && !turns.has(`${number} opened`)
  const closedAt = row.state === 'closed' ? Date.parse(row.closed_at) : Number.NaN
  const isClosed = closedAt >= since && (turns.get(`${number} closed`) ?? 0) < closedAt
  if (isOpened || isClosed) {
    return [
      // automation's own issues must not set it off, whoever tells of them
      ...(isOpened ? [{ event, action: 'opened', sender: row.author, ...shared }] : []),
      ...(isClosed ? [{ event, action: 'closed', ...shared, ...(isPull ? { merged } : {}) }] : []),
    ]
  }
  return [
    { event, action: 'reconciled', ...shared },
    // whether it has new commits is not in the list; whoever cares looks at its head
    ...(isPull && row.state === 'open' ? [{ event: 'pull_request_sync', action: 'synchronized', ...shared }] : []),
  ]
}

async function compareReleases(
  name: RepositoryName,
  mark: RepositoryMark | undefined,
  known: KnownEvents,
  { read }: ReconcileReads,
) {
  const { releases } = await read('list_releases', { ...name, limit: PAGE_SIZE }, Releases)
  const published = releases.filter(({ draft }) => !draft)
  const seen = mark?.releases
  const facts: TriggerFacts[] =
    seen === undefined
      ? []
      : published
          .filter(({ id }) => !seen.includes(id) && !known.releases.has(id))
          .reverse()
          .map(({ id, tag, prerelease, author }) => ({
            event: 'release',
            action: 'published',
            sender: author,
            tag,
            release_id: id,
            draft: false,
            prerelease,
          }))
  return { facts, ids: published.map(({ id }) => id) }
}

function toDelivery({ owner, repo }: RepositoryName, facts: TriggerFacts, isPrivate: boolean | undefined): Delivery {
  const about = [facts.event, facts.number ?? facts.branch ?? facts.tag, facts.after].filter(Boolean).join(':')
  return {
    id: `reconcile:${owner}/${repo}:${about}`,
    eventType: facts.event ?? '',
    action: facts.action,
    // what is not known to be public is private
    repository: { id: 0, owner, name: repo, isPrivate: isPrivate !== false },
    sender: facts.sender,
    digest: '',
    facts: { ...facts, repository: `${owner}/${repo}` },
  }
}

/** Gitea's times have whole seconds. */
function toSecond(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`
}
