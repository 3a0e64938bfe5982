import { z } from 'zod'
import { listPullCommits } from '../gitea/pulls.js'
import { CommitRow, describeCommit, describeCommits, toCommitRow } from './commit-rows.js'
import { defineTool } from './define-tool.js'
import { describePart, toListPart, toText } from './lines.js'
import { issueNumber, limit, listPosition, owner, page, repo } from './params.js'

export const listPullRequestCommits = defineTool({
  name: 'list_pull_request_commits',
  title: 'List commits of a pull request',
  description: 'Commits, newest first.',
  effect: 'read',
  toolset: 'pulls',
  scope: 'read:repository',
  operations: ['listPullRequestCommits'],
  input: z.strictObject({ owner, repo, pull_number: issueNumber, page, limit }),
  output: z.object({ commits: z.array(CommitRow), ...listPosition }),
  async run({ owner, repo, pull_number, page, limit: asked }, { gitea, limits }) {
    const limit = Math.min(asked, limits.maxItems)
    const { items, total } = await listPullCommits(gitea, { owner, repo, index: pull_number, page, limit })
    const rows = { items: items.map(toCommitRow), total }
    const { items: commits, ...part } = toListPart(rows, { page, limit }, describeCommit, limits.maxChars)
    return { commits, ...part }
  },
  render({ commits, ...part }, { owner, repo, pull_number, limit }) {
    const where = ` in ${owner}/${repo}#${pull_number}`
    return toText([
      describePart({ items: commits, ...part }, { one: 'commit', where }, limit),
      ...describeCommits(commits),
    ])
  },
})
