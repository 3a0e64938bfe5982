import { z } from 'zod'
import {
  getLabelled,
  type IssueLabel,
  type LabelEvent,
  listLabelEvents,
  replaceLabels,
} from '../gitea/issue-changes.js'
import { defineTool } from './define-tool.js'
import { resolveLabels } from './issue-names.js'
import { toOneLine, toText } from './lines.js'
import { issueNumber, owner, repo } from './params.js'
import { describeLabels, Relabelled, someLabels } from './relabelled.js'

export const removeLabels = defineTool({
  name: 'remove_labels',
  title: 'Remove labels',
  description: 'Takes labels, by name, off an issue or pull request.',
  effect: 'update',
  toolset: 'issues',
  scope: 'write:repository',
  operations: ['replaceIssueLabels', 'getIssue', 'listLabels', 'listOrgLabels', 'listIssueTimeline'],
  input: z.strictObject({ owner, repo, issue_number: issueNumber, labels: someLabels }),
  output: Relabelled.extend({
    /** Labels that somebody else changed at the same moment, which this has undone. */
    crossed: z.array(z.string()),
  }),
  async run({ owner, repo, issue_number, labels }, { gitea }) {
    const name = { owner, repo }
    const args = { ...name, index: issue_number }
    const before = await getLabelled(gitea, args)
    // Gitea may have labels of the same name in repository and organisation: all that are on it go
    const going = before.labels.filter((label) => labels.some((wanted) => isNamed(label, wanted)))
    const absent = labels.filter((wanted) => !before.labels.some((label) => isNamed(label, wanted)))
    // tells a label that is not on it from one that does not exist, before anything is written
    await resolveLabels(gitea, name, absent)
    const none: string[] = []
    const answer = { number: issue_number, url: before.url, added: none, removed: toNames(going), crossed: none }
    if (going.length === 0) return { ...answer, labels: toNames(before.labels) }
    const staying = before.labels.filter((label) => !going.includes(label))
    const after = await replaceLabels(
      gitea,
      args,
      staying.map(({ id }) => id),
    )
    // what somebody put on or took off between the read and the write was set back by it; only the events still know
    const events = await listLabelEvents(gitea, args, before.updatedAt)
    return { ...answer, labels: toNames(after), crossed: findCrossed(events, going) }
  },
  render(issue, { owner, repo }) {
    return toText([
      describeLabels(issue, `${owner}/${repo}`),
      issue.crossed.length === 0
        ? ''
        : `Somebody changed ${issue.crossed.map(toOneLine).join(', ')} at the same moment, and this undid it: set it again.`,
    ])
  },
})

/** Other labels that went on and off, or off and on, within the call. */
function findCrossed(events: readonly LabelEvent[], going: readonly IssueLabel[]): string[] {
  const others = new Map<number, LabelEvent[]>()
  for (const event of events) {
    if (going.some(({ id }) => id === event.label.id)) continue
    others.set(event.label.id, [...(others.get(event.label.id) ?? []), event])
  }
  return [...others.values()].flatMap((changes) => {
    const [last, previous] = [changes.at(-1), changes.at(-2)]
    return last && previous && last.isAdded !== previous.isAdded ? [last.label.name] : []
  })
}

function toNames(labels: readonly IssueLabel[]): string[] {
  return labels.map((label) => label.name)
}

function isNamed(label: IssueLabel, wanted: string): boolean {
  return label.name.toLowerCase() === wanted.trim().toLowerCase()
}
