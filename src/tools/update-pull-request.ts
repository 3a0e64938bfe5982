import { z } from 'zod'
import { getBranch } from '../gitea/git.js'
import { type PullChange, updatePull } from '../gitea/pull-writes.js'
import type { Pull } from '../gitea/pulls.js'
import { Conflict } from '../lib/errors.js'
import { showAuthored } from './authored-text.js'
import { defineTool } from './define-tool.js'
import { toOneLine, toText } from './lines.js'
import { branch, filledText, issueNumber, owner, repo, textOf } from './params.js'
import { getWritablePull, toStateWord } from './writable-pull.js'

const FIELDS = ['title', 'body', 'state', 'base'] as const

export const updatePullRequest = defineTool({
  name: 'update_pull_request',
  title: 'Update pull request',
  description: 'Changes a pull request; its milestone: update_issue.',
  effect: 'update',
  toolset: 'pulls',
  scope: 'write:repository',
  operations: ['updatePullRequest', 'getPullRequest', 'getBranch'],
  input: z
    .strictObject({
      owner,
      repo,
      pull_number: issueNumber,
      title: filledText(255).optional(),
      body: textOf(100_000).optional(),
      state: z.enum(['open', 'closed']).optional(),
      base: branch.optional(),
    })
    .refine(
      (input) => FIELDS.some((field) => input[field] !== undefined),
      'give at least one of title, body, state and base',
    ),
  output: z.object({
    number: z.number(),
    title: z.string(),
    state: z.enum(['open', 'closed']),
    base: z.string(),
    url: z.string(),
    changed: z.array(z.enum(FIELDS)),
  }),
  async run({ owner, repo, pull_number, title, body, state, base }, { gitea, trustAuthors }) {
    const change = { title: title === undefined ? undefined : toOneLine(title), body, state, base }
    const changed = FIELDS.filter((field) => change[field] !== undefined)
    const name = { owner, repo }
    const request = { ...name, index: pull_number }
    const [before, trusts] = await Promise.all([getWritablePull(gitea, request), trustAuthors()])
    const fault = findFault(before, change)
    if (fault !== undefined) throw new Conflict(fault)
    if (base !== undefined) await getBranch(gitea, { ...name, branch: base })
    const pull = await updatePull(gitea, request, change)
    // a title that was just given is the caller's own
    const shown = title === undefined ? showAuthored(trusts, pull.author, pull.title).text : pull.title
    return { number: pull.number, title: shown, state: pull.state, base: pull.base, url: pull.url, changed }
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
