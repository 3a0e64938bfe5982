import { z } from 'zod'
import type { JobContext } from '../../define-job.js'
import { next, readPages } from '../../read-pages.js'
import type { Candidate } from './candidates.js'
import type { Parameters } from './rules.js'

const Timeline = z.object({
  events: z.array(z.object({ type: z.string(), author: z.string(), at: z.string(), what: z.string() })),
  next,
})

/** What other places say about an issue is no activity in it. */
const ELSEWHERE = new Set(['issue_ref', 'comment_ref', 'pull_ref', 'commit_ref'])

/**
 * When the mark was put on (epoch milliseconds), and whether anybody but the automation has done something since.
 */
export async function findLastActivity(
  context: JobContext<Parameters>,
  { number, updatedAt }: Candidate,
): Promise<{ readonly since: number; readonly isActive: boolean }> {
  const { login, parameters } = context
  const isMark = (what: string) => what.toLowerCase() === `+${parameters.label}`.toLowerCase()
  let since: number | undefined
  let isActive = false
  for await (const part of readPages(context, 'get_issue_timeline', { issue_number: number }, Timeline)) {
    for (const event of part.events) {
      if (event.type === 'label' && isMark(event.what)) {
        since = Date.parse(event.at)
        isActive = false
      } else if (since !== undefined && event.author !== login && !ELSEWHERE.has(event.type)) {
        isActive = true
      }
    }
  }
  // an import brings labels without their history: the last change is the best that is known
  return { since: since ?? updatedAt, isActive }
}
