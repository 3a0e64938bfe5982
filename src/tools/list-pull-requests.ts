import { z } from 'zod'
import { listPulls, type Pull } from '../gitea/pulls.js'
import { describeWithheld, type TrustsAuthor } from './authored-text.js'
import { defineTool } from './define-tool.js'
import { describeTags, IssueRow, toIssueRow } from './issue-rows.js'
import { describePart, toListPart, toNextDay, toOneLine, toText } from './lines.js'
import { limit, listPosition, owner, page, repo, state } from './params.js'

const Row = IssueRow.extend({
  base: z.string(),
  head: z.string(),
  draft: z.boolean(),
  merged: z.boolean(),
  merged_at: z.string(),
})

export const listPullRequests = defineTool({
  name: 'list_pull_requests',
  title: 'List pull requests',
  description: 'Pull requests, newest first.',
  effect: 'read',
  toolset: 'pulls',
  scope: 'read:repository',
  operations: ['listPullRequests', 'getRepository'],
  input: z.strictObject({ owner, repo, state, page, limit }),
  output: z.object({ pull_requests: z.array(Row), ...listPosition }),
  async run({ owner, repo, state, page, limit: asked }, { gitea, limits, trustAuthors }) {
    const limit = Math.min(asked, limits.maxItems)
    const [found, trusts] = await Promise.all([listPulls(gitea, { owner, repo, state, page, limit }), trustAuthors()])
    const rows = { items: found.items.map((pull) => toRow(pull, trusts)), total: found.total }
    const { items: pull_requests, ...part } = toListPart(
      rows,
      { page, limit },
      (pull) => describeRow(pull),
      limits.maxChars,
    )
    return { pull_requests, ...part }
  },
  render({ pull_requests, ...part }, { owner, repo, state, limit }) {
    const one = `${state === 'all' ? '' : `${state} `}pull request`
    return toText([
      describePart({ items: pull_requests, ...part }, { one, where: ` in ${owner}/${repo}` }, limit),
      describeWithheld(pull_requests),
      ...pull_requests.map((pull, at) => describeRow(pull, pull_requests[at - 1]?.updated_at)),
    ])
  },
})

function toRow(pull: Pull, trusts: TrustsAuthor) {
  return {
    ...toIssueRow(pull, trusts),
    base: pull.base,
    head: pull.head,
    draft: pull.isDraft,
    merged: pull.isMerged,
    merged_at: pull.mergedAt,
  }
}

function describeRow(pull: z.output<typeof Row>, previous?: string): string {
  const state = pull.merged ? ' (merged)' : pull.state === 'closed' ? ' (closed)' : pull.draft ? ' (draft)' : ''
  const sides = `${toOneLine(pull.head)} into ${toOneLine(pull.base)}`
  return `#${pull.number} ${toOneLine(pull.title)}${state}${describeTags(pull)} ${sides}, ${toOneLine(pull.author)} ${toNextDay(pull.updated_at, previous)}`
}
