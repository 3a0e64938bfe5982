/** Wiki pages; how titles become file names and addresses is services/wiki/wiki_path.go. */
import { hash } from 'node:crypto'
import { type Api, type Guard, needsToken, needsUnarchived, needsWriter } from '../api.js'
import { findText, readFields } from '../body.js'
import { getParam, type RepositoryRequest, refuseNotFound, refuseWith, requireDoer } from '../exchange.js'
import { getAccount } from '../lookup.js'
import { jsonPage } from '../paging.js'
import { htmlUrl } from '../present/repository.js'
import { toTime } from '../present/user.js'
import { json, type Reply } from '../reply.js'
import type { WikiPage } from '../state-activity.js'

/** Go's url.QueryEscape. */
function escapeQuery(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
}

function toAddress(title: string, hasMarker: boolean): string {
  const isKept = hasMarker || title.includes('-') || title.endsWith('.md')
  return escapeQuery(isKept ? `${title}.-` : title.replaceAll(' ', '-'))
}

function toTitle(address: string): string {
  const bare = address.endsWith('.-') ? address.slice(0, -2) : address.replaceAll('-', ' ')
  return decodeURIComponent(bare.replaceAll('+', ' '))
}

function toFile(address: string): string {
  if (address.endsWith('.md')) return decodeURIComponent(address)
  return `${toAddress(toTitle(address), address.endsWith('.-')).replaceAll('+', ' ')}.md`
}

function fileToAddress(file: string): string {
  const bare = file.replace(/\.md$/, '')
  return toAddress(toTitle(bare), bare.endsWith('.-'))
}

function pagesOf({ instance, repository }: RepositoryRequest): Map<string, WikiPage> | undefined {
  return instance.state.activity.wikis.get(repository.id)
}

function requirePages(request: RepositoryRequest): Map<string, WikiPage> {
  return pagesOf(request) ?? refuseNotFound(request, ['no such file or directory'])
}

function presentPage(request: RepositoryRequest, page: WikiPage): Record<string, unknown> {
  const { instance, repository } = request
  const author = getAccount(instance.state, page.authorId)
  const signature = { name: author.fullName || author.login, email: author.email, date: toTime(page.changedAt) }
  const address = fileToAddress(page.file)
  return {
    title: toTitle(address),
    html_url: `${htmlUrl(instance, repository)}/wiki/${address}`,
    sub_url: address,
    // Gitea's own spelling
    last_commit: {
      sha: hash('sha1', `${page.file} ${page.changes}`, 'hex'),
      author: signature,
      commiter: signature,
      message: `${page.message}\n`,
    },
  }
}

function presentWhole(request: RepositoryRequest, page: WikiPage): Record<string, unknown> {
  return {
    ...presentPage(request, page),
    content_base64: Buffer.from(page.content).toString('base64'),
    commit_count: page.changes,
    sidebar: '',
    footer: '',
  }
}

/** A limit of 1 is taken for the default; there is no largest one. */
function answerPages(request: RepositoryRequest): Reply {
  const pages = [...requirePages(request).values()].sort((left, right) => (left.file < right.file ? -1 : 1))
  const page = Math.max(Number(request.query.get('page') ?? 1), 1)
  const limit = Number(request.query.get('limit') ?? 0)
  const size = limit <= 1 ? 30 : limit
  const rows = pages.slice((page - 1) * size, page * size).filter(({ file }) => file.endsWith('.md'))
  return jsonPage(
    request,
    rows.map((row) => presentPage(request, row)),
    pages.length,
  )
}

function answerPage(request: RepositoryRequest): Reply {
  const pages = requirePages(request)
  // decoded by the router; Gitea works on the escaped form, in which a blank is %20
  const page = pages.get(toFile(escapeQuery(getParam(request, 'pageName')))) ?? refuseNotFound(request)
  return json(200, presentWhole(request, page))
}

function createPage(request: RepositoryRequest): Reply {
  const { instance, repository } = request
  const fields = readFields(request)
  const title = (findText(request, fields, 'title') ?? '').trim()
  if (title === '') refuseWith(request, 400, '')
  const file = toFile(toAddress(title, false))
  const pages = pagesOf(request) ?? new Map<string, WikiPage>()
  if (pages.has(file)) refuseWith(request, 400, `wiki page already exists [title: ${toAddress(title, false)}]`)
  const page: WikiPage = {
    file,
    content: Buffer.from(findText(request, fields, 'content_base64') ?? '', 'base64').toString('utf8'),
    changes: 1,
    message: findText(request, fields, 'message') || `Add "${title}"`,
    authorId: requireDoer(request).id,
    changedAt: instance.clock.now(),
  }
  instance.state.activity.wikis.set(repository.id, pages.set(file, page))
  return json(201, presentWhole(request, page))
}

const needsWiki: Guard = (request) => {
  if (!request.permission.canRead('repo.wiki')) refuseNotFound(request)
}

export function addWikiRoutes(api: Api): void {
  const writing = [needsWiki, needsToken, needsUnarchived, needsWriter('repo.wiki')]
  api.repository('GET', '/wiki/pages', 'repository', [needsWiki], answerPages)
  api.repository('GET', '/wiki/page/{pageName}', 'repository', [needsWiki], answerPage)
  api.repository('POST', '/wiki/new', 'repository', writing, createPage)
}
