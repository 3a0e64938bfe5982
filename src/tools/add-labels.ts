import { z } from 'zod'
import { getLabelled, addLabels as putOn } from '../gitea/issue-changes.js'
import { defineTool } from './define-tool.js'
import { resolveLabels } from './issue-names.js'
import { issueNumber, owner, repo } from './params.js'
import { describeLabels, Relabelled, someLabels } from './relabelled.js'

export const addLabels = defineTool({
  name: 'add_labels',
  title: 'Add labels',
  description: 'Adds labels, by name, to an issue or pull request.',
  effect: 'update',
  toolset: 'issues',
  scope: 'write:repository',
  operations: ['addIssueLabels', 'getIssue', 'listLabels', 'listOrgLabels'],
  input: z.strictObject({ owner, repo, issue_number: issueNumber, labels: someLabels }),
  output: Relabelled,
  async run({ owner, repo, issue_number, labels }, { gitea }) {
    const name = { owner, repo }
    const args = { ...name, index: issue_number }
    const [wanted, issue] = await Promise.all([resolveLabels(gitea, name, labels), getLabelled(gitea, args)])
    const had = new Set(issue.labels.map(({ id }) => id))
    const missing = wanted.filter(({ id }) => !had.has(id))
    const after =
      missing.length === 0
        ? issue.labels
        : await putOn(
            gitea,
            args,
            missing.map(({ id }) => id),
          )
    const has = new Set(after.map(({ id }) => id))
    return {
      number: issue_number,
      url: issue.url,
      labels: after.map((label) => label.name),
      added: missing.filter(({ id }) => has.has(id)).map((label) => label.name),
      // an exclusive label takes the place of another with the same scope
      removed: issue.labels.filter(({ id }) => !has.has(id)).map((label) => label.name),
    }
  },
  render: (issue, { owner, repo }) => describeLabels(issue, `${owner}/${repo}`),
})
