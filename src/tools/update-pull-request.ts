import { z } from 'zod'
import { getBranch } from '../gitea/git.js'
import { type PullChange, updatePull } from '../gitea/pull-writes.js'
import type { Pull } from '../gitea/pulls.js'
import { Conflict, InvalidInput } from '../lib/errors.js'
import { defineTool } from './define-tool.js'
import { toOneLine, toText } from './lines.js'
import { branch, filledText, issueNumber, owner, repo, textOf } from './params.js'
import { getWritablePull, toStateWord } from './writable-pull.js'

export const updatePullRequest = defineTool({
  name: 'update_pull_request',
  title: 'Update pull request',
  description: 'Changes a pull request; its milestone: update_issue.',
  effect: 'update',
  toolset: 'pulls',
  scope: 'write:repository',
  operations: ['updatePullRequest', 'getPullRequest', 'getBranch'],
  input: z.strictObject({
    owner,
    repo,
    pull_number: issueNumber,
    title: filledText(255).optional(),
    body: textOf(100_000).optional(),
    state: z.enum(['open', 'closed']).optional(),
    base: branch.optional(),
  }),
  output: z.object({
    number: z.number(),
    title: z.string(),
    state: z.enum(['open', 'closed']),
    base: z.string(),
    url: z.string(),
    changed: z.array(z.enum(['title', 'body', 'state', 'base'])),
  }),
  async run({ owner, repo, pull_number, title, body, state, base }, { gitea }) {
    const change = { title: title === undefined ? undefined : toOneLine(title), body, state, base }
    const changed = (['title', 'body', 'state', 'base'] as const).filter((field) => change[field] !== undefined)
    if (changed.length === 0) throw new InvalidInput('Give at least one of title, body, state and base.')
    const name = { owner, repo }
    const request = { ...name, index: pull_number }
    const fault = findFault(await getWritablePull(gitea, request), change)
    if (fault !== undefined) throw new Conflict(fault)
    if (base !== undefined) await getBranch(gitea, { ...name, branch: base })
    const pull = await updatePull(gitea, request, change)
    return { number: pull.number, title: pull.title, state: pull.state, base: pull.base, url: pull.url, changed }
  },
  render(pull, { owner, repo }) {
    const values = { title: 'title', body: 'text', state: pull.state, base: `into ${toOneLine(pull.base)}` }
    return toText([
      `Updated ${owner}/${repo}#${pull.number} ${toOneLine(pull.title)}: ${pull.changed.map((field) => values[field]).join(', ')}`,
      pull.url,
    ])
  },
})

/** Why Gitea would refuse it, or do what nobody wants; undefined when nothing speaks against it. */
function findFault(pull: Pull, { state, base }: PullChange): string | undefined {
  const name = `#${pull.number}`
  if (pull.isMerged && (state !== undefined || base !== undefined)) {
    return `${name} is merged: its state and base cannot change.`
  }
  if (base === undefined) return undefined
  if ((state ?? pull.state) === 'closed')
    return `${name} is ${toStateWord(pull)}: its base can change only while it is open.`
  return base === pull.head ? `${base} is where the commits of ${name} come from: it cannot be its base.` : undefined
}
