import { z } from 'zod'
import type { JobContext } from '../../define-job.js'
import { next, readPages } from '../../read-pages.js'
import type { Parameters } from './rules.js'

/** An open issue or pull request, as far as the rules look at it. */
export interface Candidate {
  readonly number: number
  readonly isPull: boolean
  readonly isDraft: boolean
  readonly state: 'open' | 'closed'
  readonly author: string
  readonly labels: readonly string[]
  readonly assignees: readonly string[]
  readonly milestone: string
  /** Epoch milliseconds. */
  readonly updatedAt: number
}

const Row = z.object({
  number: z.int(),
  state: z.enum(['open', 'closed']),
  author: z.string(),
  labels: z.array(z.string()),
  assignees: z.array(z.string()),
  milestone: z.string(),
  updated_at: z.string(),
  draft: z.boolean().default(false),
  pull_request: z.boolean().default(false),
})
const Issues = z.object({ issues: z.array(Row), next })
const Pulls = z.object({ pull_requests: z.array(Row), next })
/** A list this long takes Gitea some seconds; what comes after is the newest and can wait. */
const MOST_PAGES = 400

type Context = JobContext<Parameters>

/** Everything open that the parameters include, the longest untouched first. */
export async function listCandidates(context: Context): Promise<readonly Candidate[]> {
  const { include } = context.parameters
  const found: Candidate[] = []
  if (include !== 'pull_requests') {
    for await (const { issues } of readPages(context, 'list_issues', {}, Issues, MOST_PAGES)) {
      found.push(...issues.map((row) => toCandidate(row, false)))
    }
  }
  if (include !== 'issues') {
    for await (const part of readPages(context, 'list_pull_requests', {}, Pulls, MOST_PAGES)) {
      found.push(...part.pull_requests.map((row) => toCandidate(row, true)))
    }
  }
  return found.sort((a, b) => a.updatedAt - b.updatedAt || a.number - b.number)
}

/** One, as Gitea has it now. Whether a pull request is a draft is not known here, and taking a mark off needs no more. */
export async function loadCandidate(context: Context, number: number): Promise<Candidate> {
  const row = await context.read('get_issue', { ...context.repository, issue_number: number }, Row)
  return toCandidate(row, row.pull_request)
}

function toCandidate(row: z.output<typeof Row>, isPull: boolean): Candidate {
  const { number, state, author, labels, assignees, milestone, draft } = row
  return {
    number,
    state,
    author,
    labels,
    assignees,
    milestone,
    isPull,
    isDraft: draft,
    updatedAt: Date.parse(row.updated_at),
  }
}
