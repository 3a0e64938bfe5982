import { z } from 'zod'
import { createIssue as openIssue } from '../gitea/issues.js'
import { defineTool } from './define-tool.js'
import { resolveAssignees, resolveLabels, resolveMilestone } from './issue-names.js'
import { describeFacts } from './issue-rows.js'
import { toOneLine, toText } from './lines.js'
import { filledText, milestone, namesOf, owner, repo, textOf } from './params.js'

export const createIssue = defineTool({
  name: 'create_issue',
  title: 'Create issue',
  description: 'Opens an issue; check list_issues first.',
  effect: 'create',
  toolset: 'issues',
  scope: 'write:repository',
  operations: ['createIssue', 'listLabels', 'listOrgLabels', 'listMilestones', 'listAssignees'],
  input: z.strictObject({
    owner,
    repo,
    title: filledText(255),
    body: textOf(100_000).optional(),
    labels: namesOf(),
    assignees: namesOf(),
    milestone: milestone('Title or id').optional(),
  }),
  output: z.object({
    number: z.number(),
    title: z.string(),
    url: z.string(),
    labels: z.array(z.string()),
    assignees: z.array(z.string()),
    milestone: z.string(),
    dropped: z.array(z.string()),
  }),
  async run({ owner, repo, title, body = '', labels = [], assignees = [], milestone }, { gitea }) {
    const name = { owner, repo }
    // all names are resolved before anything is written: an unknown one leaves nothing behind
    const [labelsFound, assigneesFound, milestoneFound] = await Promise.all([
      resolveLabels(gitea, name, labels),
      resolveAssignees(gitea, name, assignees),
      milestone === undefined ? undefined : resolveMilestone(gitea, name, milestone),
    ])
    const issue = await openIssue(gitea, name, {
      title: toOneLine(title),
      body,
      labels: labelsFound.map((label) => label.id),
      assignees: assigneesFound,
      milestone: milestoneFound?.id,
    })
    // without the right to triage Gitea creates the issue and leaves these out without a word
    const dropped = [
      ...labelsFound.filter((label) => !issue.labels.includes(label.name)).map((label) => `label ${label.name}`),
      ...assigneesFound.filter((login) => !issue.assignees.includes(login)).map((login) => `assignee ${login}`),
      ...(milestoneFound && issue.milestone === '' ? [`milestone ${milestoneFound.title}`] : []),
    ]
    return {
      number: issue.number,
      title: issue.title,
      url: issue.url,
      labels: issue.labels,
      assignees: issue.assignees,
      milestone: issue.milestone,
      dropped,
    }
  },
  render(issue, { owner, repo }) {
    return toText([
      `Created ${owner}/${repo}#${issue.number} ${toOneLine(issue.title)}`,
      issue.url,
      describeFacts({ Labels: issue.labels, Assigned: issue.assignees, Milestone: issue.milestone }),
      issue.dropped.length === 0
        ? ''
        : `Gitea left out ${issue.dropped.map(toOneLine).join(', ')}: this person may open issues here, but not triage them.`,
    ])
  },
})
