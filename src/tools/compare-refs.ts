import { z } from 'zod'
import { COMPARE_OPERATIONS, compareCommits } from '../objects/compare-commits.js'
import { resolveCommit } from '../objects/resolve-commit.js'
import { compareTrees } from '../objects/tree-changes.js'
import { Changes, DiffPart, describeChanges, describeDiff, toListedChanges, toShownDiff } from './changed-files.js'
import { CommitRow, describeCommit, describeCommits, toCommitRow } from './commit-rows.js'
import { defineTool } from './define-tool.js'
import { count, cutLines, toShortId, toText, toTextBudget } from './lines.js'
import { flag, owner, repo, repositoryPath, requiredRef, startLine } from './params.js'
import { toRefDiff } from './ref-diff.js'

const MOST_COMMITS = 50

export const compareRefs = defineTool({
  name: 'compare_refs',
  title: 'Compare refs',
  description: 'Commits and changes head has and base has not; for a pull request use get_pull_request.',
  effect: 'read',
  toolset: 'repositories',
  scope: 'read:repository',
  operations: COMPARE_OPERATIONS,
  pathArgument: 'path',
  input: z.strictObject({
    owner,
    repo,
    base: requiredRef.describe('Older ref'),
    head: requiredRef.describe('Newer ref'),
    diff: flag('Whole diff'),
    path: repositoryPath('Diff of this path').optional(),
    start_line: startLine,
  }),
  output: z.object({
    commits: z.array(CommitRow),
    total_commits: z.number(),
    merge_base: z.string().optional(),
    changes: Changes,
    diff: DiffPart.optional(),
  }),
  async run({ owner, repo, base, head, diff, path, start_line }, context) {
    const { gitea, objects, limits, maskSecrets } = context
    const [from, to] = await Promise.all([
      resolveCommit(gitea, objects, { owner, repo, ref: base }),
      resolveCommit(gitea, objects, { owner, repo, ref: head }),
    ])
    const { commits, mergeBase } = await compareCommits(gitea, from, to)
    const sides = { base: mergeBase ?? from, head: to }
    const visible = await toRefDiff(await compareTrees(gitea, objects, sides.base, to), path, sides, context)
    const budget = toTextBudget(limits.maxChars)
    const rows: CommitRow[] = commits.slice(0, MOST_COMMITS).map(toCommitRow)
    const facts = { total_commits: commits.length, ...(mergeBase ? { merge_base: mergeBase.sha } : {}) }
    if (diff || path !== undefined) {
      const shown = toShownDiff(visible, path, start_line, budget, maskSecrets)
      return { commits: rows.slice(0, 0), ...facts, ...shown }
    }
    const { text, endLine } = cutLines(rows.map(describeCommit).join('\n'), 1, MOST_COMMITS, Math.floor(budget / 2))
    const changes = toListedChanges(visible.changes, budget - text.length)
    return { commits: rows.slice(0, endLine), ...facts, changes }
  },
  render(output, { owner, repo, base, head, path, start_line }) {
    const { commits, total_commits, merge_base, changes, diff } = output
    const since = merge_base === undefined ? 'no common history' : `since ${toShortId(merge_base)}`
    const name = `${owner}/${repo} ${base}...${head}: ${count(total_commits, 'commit')}, ${since}`
    if (diff) {
      const isFirst = path === undefined && start_line === 1
      return toText([`${name}.`, isFirst ? describeChanges(changes) : '', describeDiff(diff)])
    }
    const left = total_commits - commits.length
    return toText([
      total_commits === 0 ? `${name}: nothing to compare.` : `${name}:`,
      ...describeCommits(commits),
      left === 0 ? '' : `and ${count(left, 'more commit')}; list_commits ref=${head} shows them.`,
      total_commits === 0 ? '' : `\n${describeChanges(changes)}`,
    ])
  },
})
