import { z } from 'zod'
import type { GiteaClient } from '../gitea/client.js'
import { listIssues as loadIssues } from '../gitea/issues.js'
import { listLabels, listOrgLabels } from '../gitea/labels.js'
import type { RepositoryName } from '../gitea/repos.js'
import { InvalidInput } from '../lib/errors.js'
import { describeWithheld } from './authored-text.js'
import { defineTool } from './define-tool.js'
import { describeTags, IssueRow, toIssueRow } from './issue-rows.js'
import { describePart, toListPart, toNextDay, toOneLine, toText } from './lines.js'
import { limit, listPosition, namesOf, owner, page, repo, state } from './params.js'
import { findByName, resolveNames } from './resolve-name.js'

export const listIssues = defineTool({
  name: 'list_issues',
  title: 'List issues',
  description: 'Issues, newest first.',
  effect: 'read',
  toolset: 'issues',
  scope: 'read:repository',
  operations: ['listIssues', 'listLabels', 'listOrgLabels'],
  input: z.strictObject({
    owner,
    repo,
    state,
    labels: namesOf('All needed'),
    page,
    limit,
  }),
  output: z.object({ issues: z.array(IssueRow), ...listPosition }),
  async run({ owner, repo, state, labels: wanted = [], page, limit: asked }, { gitea, limits, trustAuthors }) {
    const limit = Math.min(asked, limits.maxItems)
    const labels = await resolveFilter(gitea, { owner, repo }, wanted)
    const [found, trusts] = await Promise.all([
      loadIssues(gitea, { owner, repo, state, labels, page, limit }),
      trustAuthors(),
    ])
    const rows = { items: found.items.map((issue) => toIssueRow(issue, trusts)), total: found.total }
    const { items: issues, ...part } = toListPart(rows, { page, limit }, (issue) => describeRow(issue), limits.maxChars)
    return { issues, ...part }
  },
  render({ issues, ...part }, { owner, repo, state, labels = [], limit }) {
    const one = `${state === 'all' ? '' : `${state} `}issue`
    const filter = labels.length === 0 ? '' : ` with ${labels.map(toOneLine).join(' and ')}`
    return toText([
      describePart({ items: issues, ...part }, { one, where: ` in ${owner}/${repo}${filter}` }, limit),
      describeWithheld(issues),
      ...issues.map((issue, at) => describeRow(issue, state === 'all', issues[at - 1]?.updated_at)),
    ])
  },
})

/** Gitea drops names it does not know from the filter and then returns everything: only exact names may reach it. */
async function resolveFilter(gitea: GiteaClient, name: RepositoryName, wanted: readonly string[]): Promise<string[]> {
  if (wanted.length === 0) return []
  const labels = await listLabels(gitea, name)
  const isUnknown = (label: string) => findByName(label, labels, (item) => item.name) === undefined
  if (wanted.some(isUnknown)) {
    const shared = await listOrgLabels(gitea, name.owner)
    const ofOrg = wanted.find(
      (label) => isUnknown(label) && findByName(label, shared, (item) => item.name) !== undefined,
    )
    if (ofOrg !== undefined) {
      throw new InvalidInput(`"${ofOrg}" is a label of the organisation ${name.owner}; Gitea cannot filter by those.`)
    }
  }
  const names = resolveNames(wanted, labels, (item) => item.name, 'label').map((item) => item.name)
  const withComma = names.find((label) => label.includes(','))
  if (withComma !== undefined) throw new InvalidInput(`Gitea cannot filter by "${withComma}": its name has a comma.`)
  return names
}

function describeRow(issue: IssueRow, showsState = true, previous?: string): string {
  const closed = showsState && issue.state === 'closed' ? ' (closed)' : ''
  const comments = issue.comments === 0 ? '' : `, ${issue.comments}c`
  const facts = `${toOneLine(issue.author)} ${toNextDay(issue.updated_at, previous)}${comments}`
  return `#${issue.number} ${toOneLine(issue.title)}${closed}${describeTags(issue)} ${facts}`
}
