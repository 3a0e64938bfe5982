import { z } from 'zod'
import type { TreeEntry } from '../gitea/git-data.js'
import { InvalidInput, NotFound } from '../lib/errors.js'
import { explainMissing } from '../objects/missing.js'
import { RESOLVE_OPERATIONS, resolveCommit } from '../objects/resolve-commit.js'
import { loadFolder, loadTree, TREE_OPERATIONS } from '../objects/trees.js'
import { defineTool } from './define-tool.js'
import { chunkEntries, describeEntries, type ListedEntry, toFitting } from './entry-list.js'
import { count, describeHidden, toText, toTextBudget } from './lines.js'
import { flag, owner, page, ref, repo, repositoryPath } from './params.js'

export const getFileTree = defineTool({
  name: 'get_file_tree',
  title: 'List files',
  description: 'Names of files and folders.',
  effect: 'read',
  toolset: 'files',
  scope: 'read:repository',
  operations: [...RESOLVE_OPERATIONS, ...TREE_OPERATIONS],
  pathArgument: 'path',
  input: z.strictObject({
    owner,
    repo,
    path: repositoryPath('Folder').optional(),
    ref,
    recursive: flag('With all below'),
    page,
  }),
  output: z.object({
    entries: z.array(
      z.object({
        path: z.string(),
        type: z.enum(['file', 'folder', 'symlink', 'submodule']),
        size_bytes: z.number().optional(),
        files: z.number().optional(),
      }),
    ),
    files: z.number(),
    folders: z.number(),
    hidden: z.number(),
    complete: z.boolean(),
    next: z.object({ page: z.number() }).optional(),
  }),
  async run({ owner, repo, path, ref, recursive, page }, { gitea, objects, limits, mayReadPath }) {
    const commit = await resolveCommit(gitea, objects, { owner, repo, ref })
    const load = recursive ? loadTree : loadFolder
    const tree = await load(gitea, objects, commit, path).catch(async (thrown: unknown) => {
      const isMissing = path !== undefined && (thrown instanceof InvalidInput || thrown instanceof NotFound)
      throw isMissing ? await explainMissing(gitea, objects, commit, path, mayReadPath) : thrown
    })
    const prefix = path === undefined ? '' : `${path}/`
    // in a recursive list folders show by what they hold
    const own = recursive ? tree.entries.filter((entry) => entry.type !== 'folder') : tree.entries
    const visible = own.filter((entry) => mayReadPath(prefix + entry.path))
    const budget = toTextBudget(limits.maxChars)
    const chunks = chunkEntries(toFitting(visible.map(toListed), budget), budget)
    const entries = chunks[page - 1]
    if (entries === undefined && page > 1)
      throw new InvalidInput(`The list ends with page ${Math.max(1, chunks.length)}.`)
    return {
      entries: entries ?? [],
      files: visible.filter((entry) => entry.type !== 'folder').length,
      folders: visible.filter((entry) => entry.type === 'folder').length,
      hidden: own.length - visible.length,
      complete: tree.isComplete,
      ...(page < chunks.length ? { next: { page: page + 1 } } : {}),
    }
  },
  render({ entries, files, folders, hidden, complete, next }, { owner, repo, path, ref }) {
    const where = `${owner}/${repo}${path === undefined ? '' : `/${path}`}${ref === undefined ? '' : ` at ${ref}`}`
    const counts = [folders === 0 ? '' : count(folders, 'folder'), count(files, 'file')].filter((part) => part !== '')
    const isFolded = entries.some((entry) => entry.files !== undefined)
    return toText([
      `${where}: ${complete ? '' : 'more than '}${counts.join(', ')}.`,
      isFolded ? 'name/(n) is a folder with n files below: pass it as path to see them.' : '',
      describeEntries(entries),
      next === undefined ? '' : `page=${next.page} continues.`,
      describeHidden(hidden, 'entry', 'entries'),
    ])
  },
})

function toListed({ path, type, sizeBytes }: TreeEntry): ListedEntry {
  return type === 'file' ? { path, type, size_bytes: sizeBytes } : { path, type }
}
