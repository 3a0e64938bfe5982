/** archive/{ref}.tar.gz (routers/api/v1/repo/download.go), made by git as Gitea makes it. */
import { type Api, needsReader } from '../api.js'
import { getParam, type RepositoryRequest, refuseWith } from '../exchange.js'
import { findObject, runGit } from '../git.js'
import { apiUrl } from '../present/repository.js'
import type { Reply } from '../reply.js'

const FORMATS = ['tar.gz', 'zip', 'bundle'] as const

async function answerArchive(request: RepositoryRequest): Promise<Reply> {
  const { instance, repository } = request
  const wanted = getParam(request, '*')
  const format = FORMATS.find((ending) => wanted.endsWith(`.${ending}`))
  if (format === undefined || format === 'bundle') refuseWith(request, 400, `unknown format: ${wanted}`)
  const ref = wanted.slice(0, -format.length - 1)
  const commit = await findObject(repository.gitDirectory, ref, '^{commit}')
  if (!commit) refuseWith(request, 404, `unrecognized repository reference: ${ref}`)
  const prefix = `--prefix=${repository.name.toLowerCase()}/`
  const name = `${repository.name}-${ref.replaceAll('/', '-')}.${format}`
  return {
    status: 200,
    headers: {
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
      'access-control-expose-headers': 'Content-Disposition',
      'content-disposition': `attachment; filename="${name}"; filename*=UTF-8''${encodeURIComponent(name)}`,
      link: `<${apiUrl(instance, repository)}/archive/${commit}.${format}?rev=${commit}>; rel="immutable"`,
    },
    body: await runGit(repository.gitDirectory, ['archive', prefix, `--format=${format}`, commit]),
  }
}

export function addArchiveRoutes(api: Api): void {
  api.repository('GET', '/archive/*', 'repository', [needsReader('repo.code')], answerArchive)
}
