import { z } from 'zod'
import { loadCommitDiff } from '../objects/commit-diffs.js'
import { openCommit } from '../objects/resolve-commit.js'
import { Changes, DiffPart, describeChanges, describeDiff, toShownDiff, toVisibleDiff } from './changed-files.js'
import { defineTool } from './define-tool.js'
import { toDay, toOneLine, toShortId, toText, toTextBudget } from './lines.js'
import { owner, repo, repositoryPath, sha, startLine } from './params.js'

export const getCommitDiff = defineTool({
  name: 'get_commit_diff',
  title: 'Show commit',
  description: 'Message and changes of one commit.',
  effect: 'read',
  toolset: 'repositories',
  scope: 'read:repository',
  operations: ['getCommit', 'getCommitDiff'],
  pathArgument: 'path',
  input: z.strictObject({
    owner,
    repo,
    sha,
    path: repositoryPath('Only this path').optional(),
    start_line: startLine,
  }),
  output: z.object({
    sha: z.string(),
    author: z.string(),
    authored_at: z.string(),
    message: z.string(),
    parents: z.array(z.string()),
    changes: Changes,
    diff: DiffPart,
  }),
  async run({ owner, repo, sha, path, start_line }, { gitea, objects, limits, mayReadPath, maskSecrets }) {
    const { header, commit } = await openCommit(gitea, { owner, repo, ref: sha })
    const diff = await loadCommitDiff(gitea, objects, commit)
    const visible = toVisibleDiff(diff, mayReadPath)
    const budget = toTextBudget(limits.maxChars)
    const message = cutMessage(maskSecrets(header.message.trim()), Math.floor(budget / 4))
    const shown = toShownDiff(visible, path, start_line, budget - message.length, maskSecrets)
    return {
      sha: commit.sha,
      author: header.author,
      authored_at: header.authoredAt,
      message,
      parents: header.parents,
      ...shown,
    }
  },
  render({ sha, author, authored_at, message, parents, changes, diff }, { path, start_line }) {
    const head = `${toShortId(sha)} by ${toOneLine(author)}, ${toDay(authored_at)}`
    // a later part needs no second introduction
    if (start_line > 1) return `${head}\n${describeDiff(diff)}`
    const merge =
      parents.length > 1 ? `merge of ${parents.map(toShortId).join(' and ')}; changes against the first` : ''
    return toText([head, merge, message, path === undefined ? describeChanges(changes) : '', describeDiff(diff)])
  },
})

function cutMessage(message: string, maxChars: number): string {
  if (message.length <= maxChars) return message
  return `${message.slice(0, maxChars)}…\n${message.length - maxChars} more characters of this message are left out.`
}
