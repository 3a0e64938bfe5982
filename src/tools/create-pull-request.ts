import { z } from 'zod'
import { getRelated } from '../gitea/forks.js'
import { createPull, type PullHead, requireNewCommits } from '../gitea/pull-writes.js'
import { type RepositoryName, toName } from '../gitea/repos.js'
import { Forbidden, InvalidInput } from '../lib/errors.js'
import { defineTool, type ToolContext } from './define-tool.js'
import { toOneLine, toText } from './lines.js'
import { branch, filledText, owner, repo, textOf } from './params.js'

const SAME = 'head and base are the same branch: a pull request goes from one into another'

export const createPullRequest = defineTool({
  name: 'create_pull_request',
  title: 'Create pull request',
  description: 'Opens a pull request; WIP: before the title makes it a draft.',
  effect: 'create',
  toolset: 'pulls',
  scope: 'write:repository',
  operations: ['createPullRequest', 'listCommits', 'getBranch', 'listPullRequests', 'getRepository'],
  input: z
    .strictObject({
      owner,
      repo,
      title: filledText(255),
      head: textOf(350, 'or user:branch').refine(isHead, 'must be a branch, or user:branch for one in a fork'),
      base: branch,
      body: textOf(100_000).optional(),
    })
    .refine(({ head, base }) => head !== base, SAME),
  output: z.object({
    number: z.number(),
    title: z.string(),
    url: z.string(),
    head: z.string(),
    base: z.string(),
    draft: z.boolean(),
  }),
  async run({ owner, repo, title, head, base, body = '' }, context) {
    const name = { owner, repo }
    const from = await findHead(context, name, head)
    if (from.branch === base && from.repository === name) {
      throw new InvalidInput(SAME)
    }
    await requireNewCommits(context.gitea, name, { base, head: from })
    const pull = await createPull(context.gitea, name, { title: toOneLine(title), body, base, head: from })
    return {
      number: pull.number,
      title: pull.title,
      url: pull.url,
      head: pull.head,
      base: pull.base,
      draft: pull.isDraft,
    }
  },
  render(pull, { owner, repo }) {
    const draft = pull.draft ? ' as a draft' : ''
    return toText([
      `Opened ${owner}/${repo}#${pull.number} ${toOneLine(pull.title)}${draft}: ${toOneLine(pull.head)} into ${toOneLine(pull.base)}`,
      pull.url,
    ])
  },
})

/** `branch`, `user:branch` or, as get_pull_request shows it, `user/name:branch`. */
const HEAD = /^(?:([^:/]+)(?:\/([^:/]+))?:)?([^:]+)$/

function isHead(head: string): boolean {
  const [whole, user, name, from] = HEAD.exec(head) ?? []
  const names = [user, name].filter((part) => part !== undefined)
  return whole !== undefined && names.every((part) => repo.safeParse(part).success) && branch.safeParse(from).success
}

async function findHead(context: ToolContext, name: RepositoryName, head: string): Promise<PullHead> {
  const [, user = name.owner, fork = name.repo, from = ''] = HEAD.exec(head) ?? []
  const repository = { owner: user, repo: fork }
  if (toName(repository).toLowerCase() === toName(name).toLowerCase()) return { repository: name, branch: from }
  // commits of a repository that this caller may not use must not come out through another
  if (!context.mayUseRepository(user, fork)) {
    throw new Forbidden(`Policy or grant do not allow pull requests from ${toName(repository)}.`, {
      rule: 'repositories',
    })
  }
  return { repository: await getRelated(context.gitea, name, repository), branch: from }
}
