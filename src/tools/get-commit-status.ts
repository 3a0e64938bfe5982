import { z } from 'zod'
import { combineStates, getCommitStatus as loadStatus, type Status } from '../gitea/statuses.js'
import { defineTool } from './define-tool.js'
import { count, toListPart, toOneLine, toShortId, toText } from './lines.js'
import { owner, repo, requiredRef } from './params.js'

const Check = z.object({
  name: z.string(),
  state: z.string(),
  description: z.string(),
  url: z.string(),
  created_at: z.string(),
})

export const getCommitStatus = defineTool({
  name: 'get_commit_status',
  title: 'Show commit status',
  description: 'CI checks of a commit.',
  effect: 'read',
  toolset: 'actions',
  scope: 'read:repository',
  operations: ['listStatuses', 'getCombinedStatus'],
  input: z.strictObject({ owner, repo, sha: requiredRef }),
  output: z.object({
    sha: z.string(),
    state: z.enum(['success', 'failure', 'pending', 'none']),
    checks: z.array(Check),
    /** How many of them the text lists. */
    listed: z.number(),
  }),
  async run({ owner, repo, sha: ref }, { gitea, limits }) {
    const { sha, checks: found } = await loadStatus(gitea, { owner, repo, ref })
    const checks = found
      .map(({ name, state, description, url, createdAt }) => ({ name, state, description, url, created_at: createdAt }))
      .sort((left, right) => toRank(left.state) - toRank(right.state) || (left.name < right.name ? -1 : 1))
    const whole = { page: 1, limit: Math.max(1, checks.length) }
    const { items } = toListPart({ items: checks, total: checks.length }, whole, describeRow, limits.maxChars)
    return { sha, state: combineStates(found), checks, listed: items.length }
  },
  render({ sha, state, checks, listed }, { owner, repo, sha: ref }) {
    const id = toShortId(sha)
    const where = `${id}${sha.startsWith(ref.toLowerCase()) ? '' : ` (${ref})`} in ${owner}/${repo}`
    if (state === 'none') return `${where}: no checks.`
    const left = checks.length - listed
    return toText([
      `${where}: ${state}, ${count(checks.length, 'check')}${listed === 0 ? '.' : ', the worst first:'}`,
      ...checks.slice(0, listed).map(describeRow),
      left === 0 ? '' : `${count(left, 'better check')} not shown: ${describeRest(checks.slice(listed))}.`,
    ])
  },
})

const WORST_FIRST = ['error', 'failure', 'pending', 'warning', 'skipped', 'success']

/** Words Gitea does not know count as pending, as they do for Gitea. */
function toRank(state: Status['state']): number {
  const rank = WORST_FIRST.indexOf(state)
  return rank === -1 ? WORST_FIRST.indexOf('pending') : rank
}

/** `failure ci/test: 2 of 310 failed https://ci.example/7`; where all is well nobody needs the address. */
function describeRow({ name, state, description, url }: z.output<typeof Check>): string {
  const text = description === '' ? '' : `: ${toOneLine(description)}`
  const address = url === '' || state === 'success' || state === 'skipped' ? '' : ` ${toOneLine(url)}`
  return `${toOneLine(state)} ${toOneLine(name)}${text}${address}`
}

function describeRest(checks: readonly z.output<typeof Check>[]): string {
  const counts = new Map<string, number>()
  for (const { state } of checks) counts.set(state, (counts.get(state) ?? 0) + 1)
  return [...counts].map(([state, number]) => `${number} ${toOneLine(state)}`).join(', ')
}
