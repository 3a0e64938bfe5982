import { z } from 'zod'
import type { JobContext } from '../../define-job.js'
import { next, readPages } from '../../read-pages.js'
import { createPathFilter } from '../path-globs.js'

/*
 * What a run has to look at: the commits of a push, or, by hand and by schedule, what each branch got since it was
 * looked at last.
 */

export interface Range {
  /** Undefined for a tag. */
  readonly branch: string | undefined
  /** A commit id. */
  readonly head: string
  /** What the head is compared with, a commit id or the default branch; undefined for all that it has. */
  readonly base: string | undefined
  /** Instead of a base that is gone. */
  readonly otherwise: string | undefined
}

export interface Plan {
  readonly ranges: readonly Range[]
  /** Why there are none. */
  readonly why: string
  /** Branches that were not reached. */
  readonly isCut: boolean
}

type Context = JobContext<{ readonly branches: readonly string[] }>

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/
const NONE = /^0+$/

const Push = z.object({
  ref: z.string().regex(/^refs\/(?:heads|tags)\/./),
  before: z.string().regex(COMMIT),
  after: z.string().regex(COMMIT),
})

/** The key of a push; undefined for what brings no commits. */
export function findPushKey(facts: unknown): string | undefined {
  const push = Push.safeParse(facts).data
  return push === undefined || NONE.test(push.after) ? undefined : `${push.ref}:${push.before}..${push.after}`
}

export async function planRanges(context: Context, defaultBranch: string): Promise<Plan> {
  const push = Push.safeParse(context.facts).data
  return push === undefined ? planBranches(context, defaultBranch) : planPush(context, push, defaultBranch)
}

function planPush({ parameters }: Context, { ref, before, after }: z.output<typeof Push>, defaultBranch: string): Plan {
  const branch = ref.startsWith('refs/heads/') ? ref.slice('refs/heads/'.length) : undefined
  if (NONE.test(after)) {
    return toNothing('It was deleted.')
  }
  if (branch !== undefined && !createPathFilter(parameters.branches)(branch)) {
    return toNothing('Its branch is not among those to look at.')
  }
  // of the very first push there is nothing to compare with
  const otherwise = branch === defaultBranch ? undefined : defaultBranch
  const base = NONE.test(before) ? otherwise : before
  return { ranges: [{ branch, head: after, base, otherwise }], why: '', isCut: false }
}

const Branches = z.object({
  branches: z.array(z.object({ name: z.string(), sha: z.string() })),
  next,
})
const MOST_PAGES = 10

async function planBranches(context: Context, defaultBranch: string): Promise<Plan> {
  const found: z.output<typeof Branches>['branches'] = []
  let isCut = false
  for await (const part of readPages(context, 'list_branches', {}, Branches, MOST_PAGES)) {
    found.push(...part.branches)
    isCut = part.next !== undefined
  }
  const isWanted = createPathFilter(context.parameters.branches)
  const heads = recallHeads(context)
  if (!isCut) {
    const names = new Set(found.map(({ name }) => name))
    rememberHeads(context, new Map([...heads].filter(([name]) => names.has(name))))
  }
  const ranges = found
    .filter(({ name, sha }) => isWanted(name) && heads.get(name) !== sha)
    // the others are compared with it
    .sort((a, b) => Number(b.name === defaultBranch) - Number(a.name === defaultBranch))
    .map(({ name, sha }): Range => {
      const otherwise = name === defaultBranch ? undefined : defaultBranch
      return { branch: name, head: sha, base: heads.get(name) ?? otherwise, otherwise }
    })
  return { ranges, why: 'No branch has anything new.', isCut }
}

function toNothing(why: string): Plan {
  return { ranges: [], why, isCut: false }
}

const HEADS = 'heads'
const Heads = z.array(z.tuple([z.string(), z.string()]))
const MOST_HEADS = 1000

function recallHeads({ recall }: Pick<Context, 'recall'>): Map<string, string> {
  const kept = recall(HEADS)
  return new Map(kept === undefined ? [] : Heads.parse(JSON.parse(kept)))
}

function rememberHeads({ remember }: Pick<Context, 'remember'>, heads: ReadonlyMap<string, string>): void {
  remember(HEADS, JSON.stringify([...heads].slice(-MOST_HEADS)))
}

/**
 * Keeps up to where a branch was looked at. After a push only where the push began there: what lies between was not
 * looked at, and a scheduled run would never get to it.
 */
export function noteLooked(context: Context, { branch, head, base }: Range): void {
  const heads = recallHeads(context)
  const isPush = Push.safeParse(context.facts).success
  if (branch !== undefined && (!isPush || heads.get(branch) === base)) {
    heads.delete(branch)
    heads.set(branch, head)
    rememberHeads(context, heads)
  }
}
