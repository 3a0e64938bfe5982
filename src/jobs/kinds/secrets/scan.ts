import { z } from 'zod'
import type { JobContext } from '../../define-job.js'
import { ToolRefused } from '../../tool-refused.js'
import type { Range } from './ranges.js'

const Found = z.object({
  rule: z.string(),
  path: z.string(),
  line: z.int(),
  commit: z.string(),
  author: z.string(),
  fingerprint: z.string(),
})
/** Where a secret stands; never what it is. */
export type Found = z.output<typeof Found>

const Part = z.object({
  head: z.string(),
  base_gone: z.boolean(),
  findings: z.array(Found),
  more: z.int(),
  commits: z.int(),
  hidden: z.int(),
  cut: z.int(),
  total: z.int().optional(),
  next: z.object({ page: z.int(), limit: z.int() }).optional(),
})
type Part = z.output<typeof Part>

export interface RangeScan {
  readonly range: Range
  /** Full id of the commit that the head is; undefined when it is gone. */
  readonly head: string | undefined
  readonly found: readonly Found[]
  readonly commits: number
  /** Commits that were not looked at. */
  readonly skipped: number
  readonly more: number
  readonly hidden: number
  readonly cut: number
}

const PAGE = 25

/** @param mostCommits the newest so many are looked at */
export async function scanRange<Parameters>(
  context: JobContext<Parameters>,
  range: Range,
  mostCommits: number,
): Promise<RangeScan> {
  const scan = await scanFrom(context, range, range.base, mostCommits)
  return scan === 'base_gone' ? scanOtherwise(context, range, mostCommits) : scan
}

async function scanOtherwise<Parameters>(
  context: JobContext<Parameters>,
  range: Range,
  mostCommits: number,
): Promise<RangeScan> {
  const scan =
    range.otherwise === range.base ? 'base_gone' : await scanFrom(context, range, range.otherwise, mostCommits)
  if (scan !== 'base_gone') {
    return scan
  }
  const whole = await scanFrom(context, range, undefined, mostCommits)
  return whole === 'base_gone' ? toGone(range) : whole
}

async function scanFrom<Parameters>(
  { repository, read }: JobContext<Parameters>,
  range: Range,
  base: string | undefined,
  mostCommits: number,
): Promise<RangeScan | 'base_gone'> {
  const between = { ...repository, head: range.head, ...(base === undefined ? {} : { base }) }
  const parts: Part[] = []
  let commits = 0
  let at: Part['next'] = { page: 1, limit: Math.min(PAGE, mostCommits) }
  while (at !== undefined && commits < mostCommits) {
    const part: Part | undefined = await read('scan_added_secrets', { ...between, ...at }, Part).catch(toMissing)
    if (part === undefined) return toGone(range)
    if (part.base_gone) return 'base_gone'
    parts.push(part)
    commits += part.commits
    at = part.next
  }
  const sum = (pick: (part: Part) => number) => parts.reduce((total, part) => total + pick(part), 0)
  return {
    range,
    head: parts[0]?.head,
    found: parts.flatMap(({ findings }) => findings),
    commits,
    skipped: Math.max(0, (parts.at(-1)?.total ?? commits) - commits),
    more: sum(({ more }) => more),
    hidden: sum(({ hidden }) => hidden),
    cut: sum(({ cut }) => cut),
  }
}

function toGone(range: Range): RangeScan {
  return { range, head: undefined, found: [], commits: 0, skipped: 0, more: 0, hidden: 0, cut: 0 }
}

/** The repository was there a moment ago, so it is the commit that is not: another push took its place. */
function toMissing(thrown: unknown): undefined {
  if (thrown instanceof ToolRefused && thrown.refusal.code === 'not_found') return undefined
  throw thrown
}
