/** contents, contents-ext, file-contents, raw, media. */
import { type Api, needsReader } from '../api.js'
import { findList, readFields } from '../body.js'
import { getParam, type RepositoryRequest, refuse, refuseNotFound, refuseWith } from '../exchange.js'
import { listTree, readObject, readObjects, type TreeEntry } from '../git.js'
import { type Commit, findLastCommits } from '../history.js'
import { type ContentParts, escapeSegments, needsBytes, presentContent, type ResolvedRef } from '../present/content.js'
import { isEmpty } from '../present/repository.js'
import { findRawTarget, findRef } from '../refs.js'
import { apiError, json, Refusal, type Reply } from '../reply.js'

const allParts: ContentParts = { content: true, lfs: true, commit: true, message: false }
const maxBatch = 30

async function requireRef(request: RepositoryRequest): Promise<ResolvedRef> {
  const ref = request.query.get('ref') ?? ''
  const resolved = await findRef(request.repository, ref)
  if (resolved) return resolved
  return refuseNotFound(request, [`object does not exist [id: ${ref || request.repository.defaultBranch}, rel_path: ]`])
}

function splitPath(path: string): { directory: string; name: string } {
  const cut = path.lastIndexOf('/')
  return { directory: cut < 0 ? '' : path.slice(0, cut), name: path.slice(cut + 1) }
}

/** Go's path.Clean on a tree path; undefined for what Gitea does not let near git. */
function cleanPath(path: string): string | undefined {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return parts.some((part) => part.toLowerCase() === '.git') || (parts.length === 0 && path !== '')
    ? undefined
    : parts.join('/')
}

async function findEntry(request: RepositoryRequest, ref: ResolvedRef, path: string): Promise<TreeEntry | undefined> {
  if (path === '') return { path: '', mode: '040000', type: 'tree', id: ref.commit, size: 0 }
  const { directory, name } = splitPath(path)
  const entries = await listTree(request.repository.gitDirectory, `${ref.commit}:${directory}`)
  return entries?.find((entry) => entry.path === name)
}

interface Located {
  readonly entry: TreeEntry
  readonly path: string
}

async function presentEntries(
  request: RepositoryRequest,
  ref: ResolvedRef,
  located: readonly Located[],
  parts: ContentParts,
): Promise<Record<string, unknown>[]> {
  const { instance, repository } = request
  const directory = repository.gitDirectory
  const paths = located.map(({ path }) => path)
  const commits =
    parts.commit || parts.message ? await findLastCommits(directory, ref.commit, paths) : new Map<string, Commit>()
  const read = located.filter(({ entry }) => needsBytes(entry, parts)).map(({ entry }) => entry.id)
  const objects = new Map((await readObjects(directory, read)).map((object) => [object?.id, object]))
  return Promise.all(
    located.map(({ entry, path }) =>
      presentContent(instance, repository, ref, {
        entry,
        path,
        parts,
        lastCommit: commits.get(path),
        object: objects.get(entry.id),
      }),
    ),
  )
}

async function presentOne(
  request: RepositoryRequest,
  ref: ResolvedRef,
  located: Located,
  parts: ContentParts,
): Promise<Record<string, unknown>> {
  return (await presentEntries(request, ref, [located], parts))[0] ?? refuseNotFound(request)
}

/** Entries of a directory never carry content. */
async function presentDirectory(
  request: RepositoryRequest,
  ref: ResolvedRef,
  path: string,
  parts: ContentParts,
): Promise<Record<string, unknown>[]> {
  const entries = (await listTree(request.repository.gitDirectory, `${ref.commit}:${path}`)) ?? []
  const located = entries.map((entry) => ({ entry, path: path === '' ? entry.path : `${path}/${entry.path}` }))
  return presentEntries(request, ref, located, { ...parts, content: false })
}

type FileOrDirectory = { readonly file: Record<string, unknown> } | { readonly directory: Record<string, unknown>[] }

async function readContents(request: RepositoryRequest, path: string, parts: ContentParts): Promise<FileOrDirectory> {
  const ref = await requireRef(request)
  const cleaned = cleanPath(path)
  if (cleaned === undefined) refuse(apiError(request.instance.url, 500, ''))
  const entry = await findEntry(request, ref, cleaned)
  if (!entry) {
    const parent = await findEntry(request, ref, splitPath(cleaned).directory)
    // Below a file Gitea names the file's blob instead of the path.
    const what = parent?.type === 'blob' ? `id: ${parent.id}, rel_path: ` : `id: , rel_path: ${cleaned}`
    refuseNotFound(request, [`object does not exist [${what}]`], 'GetContentsOrList')
  }
  if (entry.type === 'tree') return { directory: await presentDirectory(request, ref, cleaned, parts) }
  return { file: await presentOne(request, ref, { entry, path: cleaned }, parts) }
}

async function answerContents(request: RepositoryRequest, path: string): Promise<Reply> {
  const found = await readContents(request, path, allParts)
  return json(200, 'file' in found ? found.file : found.directory)
}

const includeWords = ['file_content', 'lfs_metadata', 'commit_metadata', 'commit_message']

async function answerContentsExt(request: RepositoryRequest, path: string): Promise<Reply> {
  const words = (request.query.get('includes') ?? '').split(',').filter((word) => word !== '')
  const unknown = words.find((word) => !includeWords.includes(word))
  if (unknown !== undefined) refuseWith(request, 400, `unknown include option "${unknown}"`)
  const [content = '', lfs = '', commit = '', message = ''] = includeWords
  const parts = {
    content: words.includes(content),
    lfs: words.includes(lfs),
    commit: words.includes(commit),
    message: words.includes(message),
  }
  // `.` is the root here, unlike in contents.
  const found = await readContents(request, path === '.' ? '' : path, parts)
  return json(200, 'file' in found ? { file_contents: found.file } : { dir_contents: found.directory })
}

/** Gitea forgets to return after the error, so its body is followed by `null`. */
async function withDoubleBody(answer: Promise<Reply>): Promise<Reply> {
  // Only refusals are rewritten, everything else goes on to the edge.
  try {
    return await answer
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { reply } = error
    return reply.status === 404 ? { ...reply, body: `${reply.body}null\n` } : reply
  }
}

async function answerBatch(request: RepositoryRequest, files: readonly unknown[]): Promise<Reply> {
  const ref = await requireRef(request)
  const answers: (Record<string, unknown> | null)[] = []
  for (const file of files.slice(0, maxBatch)) {
    const cleaned = typeof file === 'string' ? cleanPath(file) : undefined
    const entry = cleaned === undefined ? undefined : await findEntry(request, ref, cleaned)
    answers.push(
      entry && cleaned !== undefined ? await presentOne(request, ref, { entry, path: cleaned }, allParts) : null,
    )
  }
  return json(200, answers)
}

function readBatchQuery(request: RepositoryRequest): readonly unknown[] {
  // A broken `body` parameter is an expected input.
  try {
    const parsed: unknown = JSON.parse(request.query.get('body') ?? '')
    if (typeof parsed === 'object' && parsed !== null && 'files' in parsed && Array.isArray(parsed.files))
      return parsed.files
    return []
  } catch {
    return refuseWith(request, 400, 'invalid body parameter')
  }
}

/** Go writes the name's bytes as they are; Node's headers carry bytes as Latin-1. */
function headerName(name: string): string {
  return Buffer.from(name.replace(/[\\"]/g, '\\$&'), 'utf8').toString('latin1')
}

function contentTypeOf(bytes: Buffer): string {
  if (bytes.subarray(0, 1024).includes(0)) return 'application/octet-stream'
  return 'text/plain; charset=utf-8'
}

/** Only raw says how long it may be cached: six hours, by anybody when the repository is public. */
async function answerRaw(request: RepositoryRequest, isRaw: boolean): Promise<Reply> {
  const { repository } = request
  if (await isEmpty(repository)) refuseNotFound(request, null, 'repository is empty')
  const target = await findRawTarget(repository, request.query.get('ref') ?? '', getParam(request, '*'))
  if (!target) refuseNotFound(request)
  const ref: ResolvedRef = { input: target.commit, kind: 'commit', commit: target.commit }
  const entry = await findEntry(request, ref, target.path)
  const object = entry?.type === 'blob' ? await readObject(repository.gitDirectory, entry.id) : undefined
  if (entry && !object) refuseNotFound(request, null, 'getBlobForEntry')
  if (!entry || !object) refuseNotFound(request)
  const last = (await findLastCommits(repository.gitDirectory, target.commit, [target.path])).get(target.path)
  const etag = `"${entry.id}"`
  const caching = {
    etag,
    ...(last ? { 'last-modified': new Date(last.committer.date).toUTCString() } : {}),
    'x-gitea-object-type': entry.mode === '120000' ? 'symlink' : 'file',
  }
  const known = request.headers['if-none-match'] ?? ''
  if (known.split(',').some((value) => value.trim() === etag)) return { status: 304, headers: caching, body: '' }
  const name = splitPath(target.path).name
  const headers = {
    ...caching,
    ...(isRaw
      ? { 'cache-control': `${repository.isPrivate ? 'private' : 'public'}, max-age=21600, no-transform` }
      : {}),
    'content-type': contentTypeOf(object.bytes),
    'content-disposition': `inline; filename="${headerName(name)}"; filename*=UTF-8''${escapeSegments(name)}`,
    'access-control-expose-headers': 'Content-Disposition',
    'x-content-type-options': 'nosniff',
  }
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  const start = Number(range?.[1] ?? 0)
  if (!range || object.size === 0) return { status: 200, headers, body: object.bytes }
  if (start >= object.size) return { status: 416, headers, body: 'invalid start range\n' }
  const end = Math.min(range[2] ? Number(range[2]) : object.size - 1, object.size - 1)
  const contentRange = `bytes ${start}-${end}/${object.size}`
  return {
    status: 206,
    headers: { ...headers, 'content-range': contentRange },
    body: object.bytes.subarray(start, end + 1),
  }
}

export function addContentRoutes(api: Api): void {
  const reader = [needsReader('repo.code')]
  api.repository('GET', '/contents', 'repository', reader, (request) => answerContents(request, ''))
  api.repository('GET', '/contents/*', 'repository', reader, (request) =>
    answerContents(request, getParam(request, '*')),
  )
  api.repository('GET', '/contents-ext', 'repository', reader, (request) =>
    withDoubleBody(answerContentsExt(request, '')),
  )
  api.repository('GET', '/contents-ext/*', 'repository', reader, (request) =>
    withDoubleBody(answerContentsExt(request, getParam(request, '*'))),
  )
  api.repository('GET', '/file-contents', 'repository', reader, (request) =>
    answerBatch(request, readBatchQuery(request)),
  )
  api.repository('POST', '/file-contents', 'repository', reader, (request) =>
    answerBatch(request, findList(request, readFields(request), 'files') ?? []),
  )
  api.repository('GET', '/raw/*', 'repository', reader, (request) => answerRaw(request, true))
  api.repository('GET', '/media/*', 'repository', reader, (request) => answerRaw(request, false))
}
