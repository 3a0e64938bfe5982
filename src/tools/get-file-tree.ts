import { z } from 'zod'
import type { GiteaClient } from '../gitea/client.js'
import { explainMissing, getTree, type TreeEntry, type TreeRequest } from '../gitea/git.js'
import { InvalidInput, NotFound } from '../lib/errors.js'
import { defineTool } from './define-tool.js'
import { chunkEntries, describeEntries, type ListedEntry, toFitting } from './entry-list.js'
import { count, describeHidden, toText, toTextBudget } from './lines.js'
import { flag, owner, page, ref, repo, repositoryPath } from './params.js'

/** Gitea sends 1,000 entries a page. */
const MOST_PAGES = 20

export const getFileTree = defineTool({
  name: 'get_file_tree',
  title: 'List files',
  description: 'Names of files and folders.',
  effect: 'read',
  toolset: 'files',
  scope: 'read:repository',
  operations: ['getTree', 'getRepository', 'getCommit'],
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
  async run({ owner, repo, path, ref, recursive, page }, { gitea, limits, mayReadPath }) {
    const request = { owner, repo, path, ref }
    const tree = await loadTree(gitea, request, recursive, mayReadPath)
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

async function loadTree(
  gitea: GiteaClient,
  request: TreeRequest,
  recursive: boolean,
  mayReadPath: (path: string) => boolean,
): Promise<{ entries: TreeEntry[]; isComplete: boolean }> {
  const entries: TreeEntry[] = []
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const tree = await getTree(gitea, { ...request, recursive, page }).catch(async (thrown: unknown) => {
      throw thrown instanceof InvalidInput || thrown instanceof NotFound
        ? await explainMissing(gitea, { ...request, mayReadPath })
        : thrown
    })
    entries.push(...tree.entries)
    if (tree.isLast || tree.entries.length === 0) return { entries, isComplete: true }
  }
  return { entries, isComplete: false }
}

function toListed({ path, type, sizeBytes }: TreeEntry): ListedEntry {
  return type === 'file' ? { path, type, size_bytes: sizeBytes } : { path, type }
}
