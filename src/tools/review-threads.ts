import { z } from 'zod'
import type { ReviewComment } from '../gitea/reviews.js'
import { showAuthored, type TrustsAuthor } from './authored-text.js'
import { count, toOneLine } from './lines.js'

/* Comments on lines of code, those on the same line together. */

const Comment = z.object({
  id: z.number(),
  author: z.string(),
  at: z.string(),
  body: z.string(),
  withheld: z.boolean(),
})

export const Thread = z.object({
  path: z.string(),
  line: z.number(),
  /** The line is one that the change took away. */
  removed: z.boolean(),
  resolved_by: z.string(),
  comments: z.array(Comment),
})
export type Thread = z.output<typeof Thread>

/** By file and line; within a thread in the order in which they were written. */
export function toThreads(
  comments: readonly ReviewComment[],
  trusts: TrustsAuthor,
  cut: (text: string) => string,
): Thread[] {
  const threads = new Map<string, Thread>()
  const sorted = [...comments].sort(
    (a, b) => compare(a.path, b.path) || (a.line || a.oldLine) - (b.line || b.oldLine) || a.id - b.id,
  )
  for (const comment of sorted) {
    const removed = comment.line === 0 && comment.oldLine > 0
    const line = removed ? comment.oldLine : comment.line
    const key = `${comment.path}\n${line}\n${removed}`
    const thread = threads.get(key) ?? { path: comment.path, line, removed, resolved_by: '', comments: [] }
    const { text, withheld } = showAuthored(trusts, comment.author, comment.body)
    thread.comments.push({ id: comment.id, author: comment.author, at: comment.at, body: cut(text), withheld })
    thread.resolved_by ||= comment.resolvedBy
    threads.set(key, thread)
  }
  return [...threads.values()]
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Whole threads up to `maxChars`, at least one; the rest is counted. */
export function cutThreads(threads: readonly Thread[], maxChars: number): { threads: Thread[]; more: number } {
  let used = 0
  const shown = threads.filter((thread, at) => {
    used += describeThread(thread).length + 1
    return at === 0 || used <= maxChars
  })
  const countAll = (some: readonly Thread[]) => some.reduce((sum, { comments }) => sum + comments.length, 0)
  return { threads: shown, more: countAll(threads) - countAll(shown) }
}

export function describeThread({ path, line, removed, resolved_by, comments }: Thread): string {
  const place = line === 0 ? '' : `:${line}${removed ? ' (removed line)' : ''}`
  const resolved = resolved_by === '' ? '' : `, resolved by ${toOneLine(resolved_by)}`
  return [
    `=== ${toOneLine(path)}${place}${resolved}`,
    ...comments.map(({ author, body }) => `${toOneLine(author)}: ${quoteHeads(body)}`),
  ].join('\n')
}

export function describeMoreComments(more: number): string {
  return more === 0 ? '' : `${count(more, 'more comment')} on lines; pass path to see those of one file.`
}

/** A blank before a line that looks like our own head lines: no text can pose as another. */
export function quoteHeads(text: string): string {
  return text.replaceAll(/^(?:--- |=== )/gm, ' $&')
}
