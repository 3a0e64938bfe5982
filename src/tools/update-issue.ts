import { z } from 'zod'
import { updateIssue as changeIssue } from '../gitea/issue-changes.js'
import { Forbidden } from '../lib/errors.js'
import { showAuthored } from './authored-text.js'
import { defineTool } from './define-tool.js'
import { resolveMilestone } from './issue-names.js'
import { toOneLine, toText } from './lines.js'
import { filledText, issueNumber, milestone, owner, repo, textOf } from './params.js'

const NO_MILESTONE = { id: 0, title: '' }

export const updateIssue = defineTool({
  name: 'update_issue',
  title: 'Update issue',
  description: 'Changes an issue or pull request; for labels use add_labels, for people assign_issue.',
  effect: 'update',
  toolset: 'issues',
  scope: 'write:repository',
  operations: ['updateIssue', 'getIssue', 'listMilestones'],
  input: z
    .strictObject({
      owner,
      repo,
      issue_number: issueNumber,
      title: filledText(255).optional(),
      body: textOf(100_000).optional(),
      state: z.enum(['open', 'closed']).optional(),
      milestone: milestone('Title or id; 0 clears').optional(),
    })
    .refine(
      ({ title, body, state, milestone }) => [title, body, state, milestone].some((value) => value !== undefined),
      'give at least one of title, body, state and milestone',
    ),
  output: z.object({
    number: z.number(),
    title: z.string(),
    pull_request: z.boolean(),
    state: z.enum(['open', 'closed']),
    milestone: z.string(),
    url: z.string(),
    changed: z.array(z.enum(['title', 'body', 'state', 'milestone'])),
    dropped: z.array(z.string()),
  }),
  async run({ owner, repo, issue_number, title, body, state, milestone }, { gitea, trustAuthors }) {
    const name = { owner, repo }
    const [wanted, trusts] = await Promise.all([
      milestone === undefined || milestone.trim() === '0' ? NO_MILESTONE : resolveMilestone(gitea, name, milestone),
      trustAuthors(),
    ])
    const issue = await changeIssue(
      gitea,
      { ...name, index: issue_number },
      {
        title: title === undefined ? undefined : toOneLine(title),
        body,
        state,
        milestone: milestone === undefined ? undefined : wanted?.id,
      },
    )
    const isDropped = milestone !== undefined && issue.milestone !== wanted?.title
    const given = { title, body, state, milestone: isDropped ? undefined : milestone }
    const changed = (['title', 'body', 'state', 'milestone'] as const).filter((field) => given[field] !== undefined)
    // an author without write access may change text and state; Gitea drops the rest without a word
    if (changed.length === 0) {
      throw new Forbidden(`Gitea does not let this person set the milestone of #${issue_number}.`, {
        rule: 'gitea.permission',
      })
    }
    return {
      number: issue.number,
      // a title that was just given is the caller's own
      title: title === undefined ? showAuthored(trusts, issue.author, issue.title).text : issue.title,
      pull_request: issue.isPull,
      state: issue.state,
      milestone: issue.milestone,
      url: issue.url,
      changed,
      dropped: isDropped ? ['milestone'] : [],
    }
  },
  render(issue, { owner, repo }) {
    const values = { title: 'title', body: 'text', state: issue.state, milestone: toMilestoneText(issue.milestone) }
    const what = issue.pull_request ? 'pull request ' : ''
    return toText([
      `Updated ${what}${owner}/${repo}#${issue.number} ${toOneLine(issue.title)} (${issue.changed.map((field) => values[field]).join(', ')})`,
      issue.url,
      issue.dropped.length === 0 ? '' : 'Gitea left out the milestone: this person may not triage here.',
    ])
  },
})

function toMilestoneText(title: string): string {
  return title === '' ? 'no milestone' : `milestone ${toOneLine(title)}`
}
