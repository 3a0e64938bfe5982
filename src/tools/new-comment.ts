import { z } from 'zod'
import { createComment } from '../gitea/comments.js'
import { getIssue, type Issue, type IssueRequest } from '../gitea/issues.js'
import { Forbidden } from '../lib/errors.js'
import { showAuthored } from './authored-text.js'
import type { ToolContext } from './define-tool.js'
import { toOneLine, toText } from './lines.js'

/* What commenting on issues and on pull requests has in common. */

export const Commented = z.object({
  id: z.number(),
  number: z.number(),
  /** Of the issue or pull request. */
  title: z.string(),
  url: z.string(),
})

/**
 * Looks first: Gitea answers 500 for a comment on nothing. Needs `getIssue` and `createIssueComment`.
 *
 * @param check refuses what must not be commented on
 */
export async function comment(
  { gitea, trustAuthors }: Pick<ToolContext, 'gitea' | 'trustAuthors'>,
  args: IssueRequest,
  body: string,
  check: (issue: Issue) => void = () => {},
): Promise<z.output<typeof Commented>> {
  const [issue, trusts] = await Promise.all([getIssue(gitea, args), trustAuthors()])
  check(issue)
  try {
    const { id, url } = await createComment(gitea, args, body)
    return { id, number: issue.number, title: showAuthored(trusts, issue.author, issue.title).text, url }
  } catch (thrown) {
    // the one refusal with a reason that the person can see
    if (!(thrown instanceof Forbidden && thrown.rule === 'gitea.permission' && issue.isLocked)) throw thrown
    throw new Forbidden(`#${issue.number} is locked: only people with write access can comment there.`, {
      rule: 'gitea.permission',
    })
  }
}

export function describeCommented({ id, number, title, url }: z.output<typeof Commented>, where: string): string {
  return toText([`Added comment ${id} to ${where}#${number} ${toOneLine(title)}`, url])
}
