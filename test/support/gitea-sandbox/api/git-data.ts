/** git/trees, git/blobs, git/refs. */
import { type Api, needsReader } from '../api.js'
import { getParam, type RepositoryRequest, readFlag, refuseNotFound, refuseWith } from '../exchange.js'
import { findObject, listReferences, listTree, readObject } from '../git.js'
import { jsonPage } from '../paging.js'
import { escapeSegments, maxBlobBytes, parsePointer } from '../present/content.js'
import { apiUrl } from '../present/repository.js'
import { json, type Reply } from '../reply.js'

const maxTreeEntries = 1000

function readCount(request: RepositoryRequest, name: string): number {
  const value = Number(request.query.get(name) ?? '')
  return Number.isInteger(value) ? value : 0
}

async function answerTree(request: RepositoryRequest): Promise<Reply> {
  const { instance, repository } = request
  const wanted = getParam(request, 'sha')
  const directory = repository.gitDirectory
  const id = wanted === '' ? undefined : await findObject(directory, wanted)
  const entries = id && (await listTree(directory, id, readFlag(request, 'recursive', false)))
  if (!id || !entries) refuseWith(request, 400, `sha not found [${wanted}]`)
  const perPage = readCount(request, 'per_page')
  const size = perPage <= 0 || perPage > maxTreeEntries ? maxTreeEntries : perPage
  const page = Math.max(readCount(request, 'page'), 1)
  const api = apiUrl(instance, repository)
  const rows = entries.slice((page - 1) * size, page * size)
  const body = {
    sha: id,
    url: `${api}/git/trees/${id}`,
    tree:
      (page - 1) * size >= entries.length
        ? null
        : rows.map((entry) => ({
            path: entry.path,
            mode: entry.mode,
            type: entry.type,
            size: entry.size,
            sha: entry.id,
            url: entry.type === 'commit' ? '' : `${api}/git/${entry.type}s/${entry.id}`,
          })),
    truncated: page * size < entries.length,
    page,
    total_count: entries.length,
  }
  return jsonPage(request, body, entries.length)
}

async function answerBlob(request: RepositoryRequest): Promise<Reply> {
  const { instance, repository } = request
  const sha = getParam(request, 'sha')
  // Only full ids, but of any object: a commit's id returns the commit's bytes.
  const object = /^[0-9a-f]{40}$/i.test(sha) ? await readObject(repository.gitDirectory, sha) : undefined
  if (!object) {
    const length =
      sha.length === 40
        ? `object does not exist [id: ${sha}, rel_path: ]`
        : `length ${sha.length} has no matched object format: ${sha}`
    refuseWith(request, 400, length)
  }
  const fits = object.size <= maxBlobBytes
  return json(200, {
    content: fits ? object.bytes.toString('base64') : null,
    encoding: fits ? 'base64' : null,
    url: `${apiUrl(instance, repository)}/git/blobs/${object.id}`,
    sha: object.id,
    size: object.size,
    ...(fits ? parsePointer(object.bytes) : undefined),
  })
}

/** A plain prefix match, always an array: `heads/one` finds `heads/one-two` too. */
async function answerReferences(request: RepositoryRequest, filter: string): Promise<Reply> {
  const { instance, repository } = request
  const references = await listReferences(repository.gitDirectory, filter === '' ? '' : `refs/${filter}`)
  if (references.length === 0) refuseNotFound(request)
  const api = apiUrl(instance, repository)
  return json(
    200,
    references.map(({ name, type, id }) => ({
      ref: name,
      url: `${api}/git/${escapeSegments(name)}`,
      object: { type, sha: id, url: `${api}/git/${type}s/${id}` },
    })),
  )
}

export function addGitDataRoutes(api: Api): void {
  const reader = [needsReader('repo.code')]
  api.repository('GET', '/git/trees/{sha}', 'repository', reader, answerTree)
  api.repository('GET', '/git/blobs/{sha}', 'repository', reader, answerBlob)
  api.repository('GET', '/git/refs', 'repository', reader, (request) => answerReferences(request, ''))
  api.repository('GET', '/git/refs/*', 'repository', reader, (request) =>
    answerReferences(request, getParam(request, '*')),
  )
}
