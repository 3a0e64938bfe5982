import { z } from 'zod'
import { getCommit, getCommitDiff as loadDiff } from '../gitea/git.js'
import {
  Changes,
  DiffPart,
  describeChanges,
  describeDiff,
  toDiffPart,
  toListedChanges,
  toVisibleDiff,
  type VisibleDiff,
} from './changed-files.js'
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
  async run({ owner, repo, sha, path, start_line }, { gitea, limits, mayReadPath, maskSecrets }) {
    const [commit, diff] = await Promise.all([
      getCommit(gitea, { owner, repo, ref: sha }),
      loadDiff(gitea, { owner, repo, sha }),
    ])
    const visible = toVisibleDiff(diff, mayReadPath)
    const budget = toTextBudget(limits.maxChars)
    const message = cutMessage(maskSecrets(commit.message.trim()), Math.floor(budget / 4))
    const shown = toShown(visible, path, start_line, budget - message.length, maskSecrets)
    return {
      sha: commit.sha,
      author: commit.author,
      authored_at: commit.authoredAt,
      message,
      parents: commit.parents,
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

/** A diff that does not fit gets its list of files, so that the reader can choose. */
function toShown(
  visible: VisibleDiff,
  path: string | undefined,
  startLine: number,
  budget: number,
  maskSecrets: (text: string) => string,
) {
  const whole = toDiffPart(visible, path, startLine, budget, maskSecrets)
  const isWhole = whole.lines.endLine === whole.lines.totalLines
  if (isWhole || path !== undefined || startLine > 1) return { changes: visible.changes, diff: whole }
  const listBudget = Math.floor(budget / 3)
  const changes = toListedChanges(visible.changes, listBudget)
  return { changes, diff: toDiffPart(visible, path, startLine, budget - listBudget, maskSecrets) }
}

function cutMessage(message: string, maxChars: number): string {
  if (message.length <= maxChars) return message
  return `${message.slice(0, maxChars)}…\n${message.length - maxChars} more characters of this message are left out.`
}
