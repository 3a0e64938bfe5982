import { z } from 'zod'
import { getPullDiff, type Pull } from '../gitea/pulls.js'
import { loadPull, PULL_OPERATIONS } from '../objects/pull-places.js'
import { describeWithheld, showAuthored, type TrustsAuthor } from './authored-text.js'
import {
  Changes,
  DiffPart,
  describeChanges,
  describeDiff,
  toDiffPart,
  toListedChanges,
  toVisibleDiff,
} from './changed-files.js'
import { defineTool } from './define-tool.js'
import { describeDates, describeFacts, IssueRow, toIssueRow } from './issue-rows.js'
import { count, cutLines, describeCut, toDay, toOneLine, toShortId, toText, toTextBudget } from './lines.js'
import { flag, issueNumber, owner, repo, repositoryPath, startLine, textLines } from './params.js'

const PullFacts = IssueRow.extend({
  base: z.string(),
  head: z.string(),
  head_sha: z.string(),
  draft: z.boolean(),
  merged: z.boolean(),
  merged_at: z.string(),
  merged_by: z.string(),
  mergeable: z.boolean(),
  reviewers: z.array(z.string()),
  body: z.string(),
  lines: textLines,
  url: z.string(),
})

export const getPullRequest = defineTool({
  name: 'get_pull_request',
  title: 'Get pull request',
  description: 'One pull request with its files, or its diff.',
  effect: 'read',
  toolset: 'pulls',
  scope: 'read:repository',
  operations: [...PULL_OPERATIONS, 'getPullRequestDiff'],
  pathArgument: 'path',
  input: z.strictObject({
    owner,
    repo,
    pull_number: issueNumber,
    diff: flag('Whole diff'),
    path: repositoryPath('Diff of this path').optional(),
    start_line: startLine,
  }),
  output: z.object({ pull: PullFacts.optional(), changes: Changes, diff: DiffPart.optional() }),
  async run(
    { owner, repo, pull_number, diff, path, start_line },
    { gitea, objects, limits, mayReadPath, maskSecrets, trustAuthors },
  ) {
    const request = { owner, repo, index: pull_number }
    const budget = toTextBudget(limits.maxChars)
    // the facts cost Gitea four times what the diff does, and who asks for the diff has them
    if (diff || path !== undefined) {
      const visible = toVisibleDiff(await getPullDiff(gitea, request), mayReadPath)
      return { changes: visible.changes, diff: toDiffPart(visible, path, start_line, budget, maskSecrets) }
    }
    const [pull, whole, trusts] = await Promise.all([
      loadPull(gitea, objects, request),
      getPullDiff(gitea, request),
      trustAuthors(),
    ])
    const facts = toFacts(pull, trusts, Math.floor(budget / 2), maskSecrets)
    const { changes } = toVisibleDiff(whole, mayReadPath)
    return { pull: facts, changes: toListedChanges(changes, budget - facts.body.length) }
  },
  render({ pull, changes, diff }, { owner, repo, pull_number, path }) {
    const name = `${owner}/${repo}#${pull_number}`
    if (diff) return `${name}: ${path === undefined ? `${describeChanges(changes)}\n` : ''}${describeDiff(diff)}`
    if (!pull) return name
    const cut = describeCut({ ...pull.lines, text: '' }).replace(
      'start_line=',
      `get_issue issue_number=${pull_number} start_line=`,
    )
    return toText([
      `${name} ${toOneLine(pull.title)}`,
      describeWithheld([pull]),
      `${describeState(pull)} pull request, ${toOneLine(pull.head)} (${toShortId(pull.head_sha)}) into ${toOneLine(pull.base)}, ${describeDates(pull)}, ${count(pull.comments, 'comment')}`,
      describeFacts({
        Labels: pull.labels,
        Assigned: pull.assignees,
        'Review asked of': pull.reviewers,
        Milestone: pull.milestone,
      }),
      pull.body === '' ? 'No text.' : `Text${cut}:\n${pull.body}`,
      `\n${describeChanges(changes)}`,
    ])
  },
})

function toFacts(
  pull: Pull,
  trusts: TrustsAuthor,
  maxChars: number,
  maskSecrets: (text: string) => string,
): z.output<typeof PullFacts> {
  const body = showAuthored(trusts, pull.author, pull.body).text
  const { text, ...lines } = cutLines(body, 1, Number.POSITIVE_INFINITY, maxChars, maskSecrets)
  return {
    ...toIssueRow(pull, trusts),
    base: pull.base,
    head: pull.head,
    head_sha: pull.headSha,
    draft: pull.isDraft,
    merged: pull.isMerged,
    merged_at: pull.mergedAt,
    merged_by: pull.mergedBy,
    mergeable: pull.isMergeable,
    reviewers: pull.reviewers,
    body: text,
    lines,
    url: pull.url,
  }
}

function describeState(pull: z.output<typeof PullFacts>): string {
  if (pull.merged) return `merged (${toDay(pull.merged_at)}${pull.merged_by === '' ? '' : ` by ${pull.merged_by}`})`
  if (pull.state === 'closed') return 'closed'
  const draft = pull.draft ? 'draft' : 'open'
  // Gitea computes this in the background and says false until it knows
  return pull.mergeable ? `${draft}, mergeable` : `${draft}, not mergeable (conflicts, or not checked yet)`
}
