import { z } from 'zod'
import type { Commit } from '../gitea/git.js'
import { toDay, toNextDay, toOneLine, toShortId, toSubject } from './lines.js'

/* Commits as rows, newest first, under the day they were made on. */

export const CommitRow = z.object({ sha: z.string(), subject: z.string(), author: z.string(), authored_at: z.string() })
export type CommitRow = z.output<typeof CommitRow>

export function toCommitRow({ sha, message, author, authoredAt }: Commit): CommitRow {
  return { sha, subject: toSubject(message), author, authored_at: authoredAt }
}

/** One row without its day. */
export function describeCommit({ sha, author, subject }: CommitRow): string {
  return `${toShortId(sha)} ${toOneLine(author)}: ${subject}`
}

/** A day stands once above all its commits. */
export function describeCommits(commits: readonly CommitRow[]): string[] {
  const lines: string[] = []
  let previous: string | undefined
  for (const commit of commits) {
    if (previous === undefined || toDay(previous) !== toDay(commit.authored_at)) {
      lines.push(toNextDay(commit.authored_at, previous))
    }
    previous = commit.authored_at
    lines.push(describeCommit(commit))
  }
  return lines
}
