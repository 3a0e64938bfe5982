import { z } from 'zod'
import { getPullDiff } from '../gitea/pulls.js'
import { ChangedFile, describeFile, toVisibleDiff } from './changed-files.js'
import { defineTool } from './define-tool.js'
import { describeHidden, describePart, toListPart, toText } from './lines.js'
import { issueNumber, limit, listPosition, owner, page, repo } from './params.js'

export const listPullRequestFiles = defineTool({
  name: 'list_pull_request_files',
  title: 'List files of a pull request',
  description: 'All changed files, in pages.',
  effect: 'read',
  toolset: 'pulls',
  scope: 'read:repository',
  operations: ['getPullRequestDiff'],
  input: z.strictObject({ owner, repo, pull_number: issueNumber, page, limit }),
  output: z.object({
    files: z.array(ChangedFile),
    hidden: z.number(),
    /** False when the diff is larger than this server reads: then there are more files than `total`. */
    complete: z.boolean(),
    ...listPosition,
  }),
  async run({ owner, repo, pull_number, page, limit: asked }, { gitea, limits, mayReadPath }) {
    const limit = Math.min(asked, limits.maxItems)
    // all that a list needs is in the diff, at a quarter of what Gitea's own list of files costs it
    const diff = await getPullDiff(gitea, { owner, repo, index: pull_number })
    const { files: all, hidden, complete } = toVisibleDiff(diff, mayReadPath).changes
    const items = all.slice((page - 1) * limit, page * limit)
    const { items: files, ...part } = toListPart(
      { items, total: all.length },
      { page, limit },
      describeFile,
      limits.maxChars,
    )
    return { files, hidden, complete, ...part }
  },
  render({ files, hidden, complete, ...part }, { owner, repo, pull_number, limit }) {
    const where = ` in ${owner}/${repo}#${pull_number}`
    const head = describePart({ items: files, ...part }, { one: 'changed file', where }, limit)
    // the last file that was read is not whole, and without it there may be none
    const isUnknown = !complete && part.total === 0
    return toText([
      complete ? head : isUnknown ? `Changed files${where} could not be read.` : `At least ${head}`,
      ...files.map(describeFile),
      complete ? '' : 'The diff is larger than this server reads; files that come later are missing here.',
      describeHidden(hidden, 'file'),
    ])
  },
})
