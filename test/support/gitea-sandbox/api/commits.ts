/** commits, git/commits, compare, commit statuses. */
import { type Api, needsReader } from '../api.js'
import { getParam, type RepositoryRequest, readFlag, refuse, refuseNotFound, refuseWith } from '../exchange.js'
import { fetchBranch, findRelated } from '../forks.js'
import { countCommits, findCommit, listCommits, readCommitDiff, readPatches } from '../history.js'
import { findAccount } from '../lookup.js'
import { jsonPage, maxPageSize, readPage } from '../paging.js'
import { type CommitParts, presentCommit } from '../present/commit.js'
import { isEmpty } from '../present/repository.js'
import { findRevision } from '../refs.js'
import { json, type Reply, text } from '../reply.js'

function readParts(request: RepositoryRequest): CommitParts {
  return {
    stat: readFlag(request, 'stat', true),
    verification: readFlag(request, 'verification', true),
    files: readFlag(request, 'files', true),
  }
}

function readTimes(request: RepositoryRequest): string[] {
  const args: string[] = []
  for (const name of ['since', 'until']) {
    const value = request.query.get(name)
    if (!value) continue
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value)) {
      refuseWith(request, 422, `invalid '${name}' format, expected ISO 8601 (RFC3339)`)
    }
    args.push(`--${name}=${value}`)
  }
  return args
}

async function answerCommits(request: RepositoryRequest): Promise<Reply> {
  const { instance, repository, query } = request
  const times = readTimes(request)
  if (await isEmpty(repository)) refuseWith(request, 409, 'Git Repository is empty.')
  const page = readPage(request)
  const directory = repository.gitDirectory
  const sha = query.get('sha') || repository.defaultBranch
  const path = query.get('path') ?? ''
  const not = query.get('not')
  const head = await findRevision(repository, sha)
  // A missing revision is answered with the bare word null; with a path git's failure is a 500.
  if (!head && path === '') refuse(json(404, null))
  if (!head || (not && !(await findRevision(repository, not)))) refuseWith(request, 500, '')
  const range = [...times, '--end-of-options', head, ...(not ? [`^${not}`] : []), '--', ...(path ? [path] : [])]
  // The count ignores `since` and `until`.
  const total = await countCommits(
    directory,
    range.filter((part) => !times.includes(part)),
  )
  if (path !== '' && total === 0) refuseNotFound(request, null, 'FileCommitsCount')
  // With a path, pages hold 50 commits whatever `limit` says, while the headers believe `limit`.
  const size = path === '' ? page.size : maxPageSize
  const commits = (await listCommits(directory, [`--skip=${(page.page - 1) * size}`, `-${size}`, ...range])) ?? []
  const parts = readParts(request)
  const rows = await Promise.all(commits.map((commit) => presentCommit(instance, repository, commit, parts)))
  const pages = Math.ceil(total / page.size)
  return jsonPage(request, rows, total, {
    link: true,
    page,
    headers: {
      'X-Page': String(page.page),
      'X-PerPage': String(page.size),
      'X-Total': String(total),
      'X-PageCount': String(pages),
      'X-HasMore': String(page.page < pages),
    },
  })
}

async function answerCommit(request: RepositoryRequest): Promise<Reply> {
  const { instance, repository } = request
  const sha = getParam(request, 'sha')
  const invalid = /[\s~^:?*[\\]|\.\.|\/\.|@\{|^\.|\.$|^\/|\/$|\/\/|\.lock$/.test(sha)
  if (invalid) refuseWith(request, 422, `no valid ref or sha: ${sha}`)
  const id = await findRevision(repository, sha)
  const commit = id && (await findCommit(repository.gitDirectory, id))
  if (!commit) refuseNotFound(request, null, `commit doesn't exist: ${sha}`)
  return json(200, await presentCommit(instance, repository, commit, readParts(request)))
}

async function answerCommitText(request: RepositoryRequest, kind: 'diff' | 'patch'): Promise<Reply> {
  const { repository } = request
  const sha = getParam(request, 'sha')
  const id = await findRevision(repository, sha)
  if (!id) refuseNotFound(request, null, `commit doesn't exist: ${sha}`)
  const body =
    kind === 'diff'
      ? await readCommitDiff(repository.gitDirectory, id)
      : await readPatches(repository.gitDirectory, `-1 ${id}`, false)
  return { ...text(200, '', { 'content-type': 'text/plain; charset=utf-8' }), body }
}

async function answerCompare(request: RepositoryRequest): Promise<Reply> {
  const { instance, repository, owner } = request
  if (!request.permission.canRead('repo.pulls')) refuseNotFound(request)
  const range = getParam(request, '*')
  const dots = range.includes('...') ? '...' : '..'
  const [base = '', head = ''] = range.split(dots)
  const [local = '', user] = head.split(':').reverse()
  const from = await findRevision(repository, base || repository.defaultBranch)
  const account = user === undefined ? owner : findAccount(instance.state, user)
  const fork = account && account.id !== owner.id ? findRelated(instance.state, repository, account.id) : repository
  const to =
    fork === repository
      ? await findRevision(repository, local || repository.defaultBranch)
      : fork && (await fetchBranch(fork, local, repository))
  if (!from || !to || (await isEmpty(repository))) refuseNotFound(request)
  const commits = (await listCommits(repository.gitDirectory, ['--end-of-options', `${from}..${to}`, '--'])) ?? []
  // Line counts are always computed here; only the other two can be switched off.
  const parts = { ...readParts(request), stat: true }
  const rows = await Promise.all(commits.map((commit) => presentCommit(instance, repository, commit, parts)))
  return json(200, { total_commits: rows.length, commits: rows })
}

export function addCommitRoutes(api: Api): void {
  const reader = [needsReader('repo.code')]
  api.repository('GET', '/commits', 'repository', reader, answerCommits)
  api.repository('GET', '/git/commits/{sha}.diff', 'repository', reader, (request) => answerCommitText(request, 'diff'))
  api.repository('GET', '/git/commits/{sha}.patch', 'repository', reader, (request) =>
    answerCommitText(request, 'patch'),
  )
  api.repository('GET', '/git/commits/{sha}', 'repository', reader, answerCommit)
  api.repository('GET', '/compare/*', 'repository', reader, answerCompare)
}
