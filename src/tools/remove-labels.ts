import { z } from 'zod'
import { getLabelled, type IssueLabel, replaceLabels } from '../gitea/issue-changes.js'
import { defineTool } from './define-tool.js'
import { resolveLabels } from './issue-names.js'
import { issueNumber, owner, repo } from './params.js'
import { describeLabels, Relabelled, someLabels } from './relabelled.js'
import { getUnarchived } from './unarchived.js'

export const removeLabels = defineTool({
  name: 'remove_labels',
  title: 'Remove labels',
  description: 'Takes labels, by name, off an issue or pull request.',
  effect: 'update',
  toolset: 'issues',
  scope: 'write:repository',
  operations: ['replaceIssueLabels', 'getIssue', 'getRepository', 'listLabels', 'listOrgLabels'],
  input: z.strictObject({ owner, repo, issue_number: issueNumber, labels: someLabels }),
  output: Relabelled,
  async run({ owner, repo, issue_number, labels }, { gitea }) {
    const name = { owner, repo }
    const args = { ...name, index: issue_number }
    const [before] = await Promise.all([getLabelled(gitea, args), getUnarchived(gitea, name)])
    // Gitea may have labels of the same name in repository and organisation: all that are on it go
    const going = before.labels.filter((label) => labels.some((wanted) => isNamed(label, wanted)))
    const absent = labels.filter((wanted) => !before.labels.some((label) => isNamed(label, wanted)))
    // tells a label that is not on it from one that does not exist, before anything is written
    await resolveLabels(gitea, name, absent)
    const staying = before.labels.filter((label) => !going.includes(label))
    const after =
      going.length === 0
        ? before.labels
        : await replaceLabels(
            gitea,
            args,
            staying.map(({ id }) => id),
          )
    const added: string[] = []
    return {
      number: issue_number,
      url: before.url,
      labels: after.map((label) => label.name),
      added,
      removed: going.map((label) => label.name),
    }
  },
  render: (issue, { owner, repo }) => describeLabels(issue, `${owner}/${repo}`),
})

function isNamed(label: IssueLabel, wanted: string): boolean {
  return label.name.toLowerCase() === wanted.trim().toLowerCase()
}
