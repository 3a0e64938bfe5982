import { z } from 'zod'
import type { GiteaClient } from '../gitea/client.js'
import { createIssue as openIssue } from '../gitea/issues.js'
import { listLabels, listMilestones, listOrgLabels, type Milestone } from '../gitea/labels.js'
import type { RepositoryName } from '../gitea/repos.js'
import { listAssignees } from '../gitea/users.js'
import { defineTool } from './define-tool.js'
import { describeFacts } from './issue-rows.js'
import { toOneLine, toText } from './lines.js'
import { namesOf, owner, repo, textOf } from './params.js'
import { findByName, resolveNames } from './resolve-name.js'

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
    title: textOf(255).refine((title) => title.trim() !== '', 'must not be blank'),
    body: textOf(100_000).optional(),
    labels: namesOf(),
    assignees: namesOf(),
    milestone: textOf(255, 'Title or id').optional(),
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

async function resolveLabels(gitea: GiteaClient, name: RepositoryName, wanted: readonly string[]) {
  if (wanted.length === 0) return []
  const [own, shared] = await Promise.all([listLabels(gitea, name), listOrgLabels(gitea, name.owner)])
  return resolveNames(wanted, [...own, ...shared], (label) => label.name, 'label')
}

async function resolveAssignees(gitea: GiteaClient, name: RepositoryName, wanted: readonly string[]) {
  if (wanted.length === 0) return []
  const known = await listAssignees(gitea, name)
  return resolveNames(wanted, known, (login) => login, 'assignable person')
}

/** A title wins over an id, an open milestone over a closed one. */
async function resolveMilestone(
  gitea: GiteaClient,
  name: RepositoryName,
  wanted: string,
): Promise<Milestone | undefined> {
  const all = await listMilestones(gitea, name)
  const known = [...all.filter((item) => item.state === 'open'), ...all.filter((item) => item.state === 'closed')]
  const byTitle = findByName(wanted, known, (item) => item.title)
  const byId = /^\d+$/.test(wanted) ? known.find((item) => item.id === Number(wanted)) : undefined
  return byTitle ?? byId ?? resolveNames([wanted], known, (item) => item.title, 'milestone')[0]
}
