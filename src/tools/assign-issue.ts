import { z } from 'zod'
import { updateIssue } from '../gitea/issue-changes.js'
import { Forbidden } from '../lib/errors.js'
import { showAuthored } from './authored-text.js'
import { defineTool } from './define-tool.js'
import { resolveAssignees } from './issue-names.js'
import { toOneLine, toText } from './lines.js'
import { issueNumber, names, owner, repo } from './params.js'

export const assignIssue = defineTool({
  name: 'assign_issue',
  title: 'Assign issue',
  description: 'Assigns an issue or pull request to exactly these people, [] to nobody.',
  effect: 'update',
  toolset: 'issues',
  scope: 'write:repository',
  operations: ['updateIssue', 'getIssue', 'listAssignees'],
  input: z.strictObject({ owner, repo, issue_number: issueNumber, assignees: names() }),
  output: z.object({
    number: z.number(),
    title: z.string(),
    assignees: z.array(z.string()),
    url: z.string(),
  }),
  async run({ owner, repo, issue_number, assignees }, { gitea, trustAuthors }) {
    const name = { owner, repo }
    const [logins, trusts] = await Promise.all([resolveAssignees(gitea, name, assignees), trustAuthors()])
    const issue = await updateIssue(gitea, { ...name, index: issue_number }, { assignees: logins })
    // from an author without write access Gitea takes this and does nothing
    if (!isSame(issue.assignees, logins)) {
      throw new Forbidden(`Gitea does not let this person assign #${issue_number}.`, { rule: 'gitea.permission' })
    }
    const { text: title } = showAuthored(trusts, issue.author, issue.title)
    return { number: issue.number, title, assignees: issue.assignees, url: issue.url }
  },
  render({ number, title, assignees, url }, { owner, repo }) {
    const people = assignees.length === 0 ? 'nobody' : assignees.map(toOneLine).join(', ')
    return toText([`Assigned ${owner}/${repo}#${number} ${toOneLine(title)} to ${people}`, url])
  },
})

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return new Set(some).size === new Set(others).size && some.every((item) => others.includes(item))
}
