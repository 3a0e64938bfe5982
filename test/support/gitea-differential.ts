/**
 * Asks two Giteas the same question and compares the answers, after everything that must differ between two
 * installations (addresses, row ids, times of creation) has been replaced by its kind.
 */
import type { GiteaUnderTest } from './gitea-under-test.js'

export interface Question {
  readonly method?: string
  readonly path: string
  /** Value of the Authorization header, by the installation it is sent to. */
  readonly credential?: (gitea: GiteaUnderTest) => Promise<string>
  readonly headers?: Readonly<Record<string, string>>
  /** JSON. */
  readonly body?: unknown
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

const comparedHeaders = [
  'content-type',
  'link',
  'x-total-count',
  'x-page',
  'x-perpage',
  'x-total',
  'x-pagecount',
  'x-hasmore',
  'etag',
  'last-modified',
  'content-range',
  'content-disposition',
  'x-gitea-object-type',
  'www-authenticate',
  'location',
  'cache-control',
  'access-control-expose-headers',
]

// Row ids and the like; times inside git objects are data and stay.
const rowKeys = new Set([
  'id',
  'sub',
  'token_last_eight',
  'repo_id',
  'size',
  'watchers_count',
  'version',
  'client_id',
  'client_secret',
  'sha1',
])
const timeKeys = new Set([
  'created_at',
  'updated_at',
  'closed_at',
  'last_login',
  'submitted_at',
  'published_at',
  'archived_at',
])

function normalizeText(text: string, url: string): string {
  return text
    .replaceAll(url, 'BASE')
    .replaceAll(encodeURIComponent(url), 'BASE')
    .replace(/issuecomment-\d+/g, 'issuecomment-N')
    .replace(/\[(uid|id|repo_id|user_id|label_id): \d+/g, '[$1: N')
    .replace(/\/labels\/\d+/g, '/labels/N')
    .replace(/^[\w.-]+@localhost:/, 'git@localhost:')
}

function normalize(value: unknown, url: string, key: string): unknown {
  if (Array.isArray(value)) {
    const rows = value.map((row) => normalize(row, url, key))
    // Gitea prints these from a Go map, in any order.
    return key === 'units' || key === 'files' ? rows.map((row) => JSON.stringify(row)).sort() : rows
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, normalize(inner, url, name)]))
  }
  if (rowKeys.has(key) && (typeof value === 'number' || typeof value === 'string') && value !== '') return typeof value
  // The harness cannot make a person an administrator without setting it.
  if (key === 'login_name') return ''
  // Found by Gitea's linguist some time after a push.
  if (key === 'language') return typeof value
  if (timeKeys.has(key) && typeof value === 'string') return /^(0001|1970)/.test(value) ? value : 'time'
  // A user's; those of commits are never within a day of now.
  if (key === 'created' && typeof value === 'string' && Math.abs(Date.parse(value) - Date.now()) < 86_400_000)
    return 'time'
  return typeof value === 'string' ? normalizeText(value, url) : value
}

function parseBody(text: string, type: string): unknown {
  if (!type.includes('json')) return text
  // Some of Gitea's JSON answers are two documents or cut off; those are compared as text.
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** One answer in comparable form. Redirects are not followed. */
export async function ask(gitea: GiteaUnderTest, question: Question): Promise<Answer> {
  const authorization = question.credential ? await question.credential(gitea) : undefined
  const response = await fetch(`${gitea.url}${question.path}`, {
    method: question.method ?? 'GET',
    signal: AbortSignal.timeout(15_000),
    redirect: 'manual',
    headers: {
      ...(authorization ? { authorization } : {}),
      ...(question.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...question.headers,
    },
    ...(question.body === undefined ? {} : { body: JSON.stringify(question.body) }),
  })
  const text = await response.text()
  const type = response.headers.get('content-type') ?? ''
  const headers = comparedHeaders.flatMap((name) => {
    const value = response.headers.get(name)
    return value === null ? [] : [[name, normalizeText(value, gitea.url)] as const]
  })
  return {
    status: response.status,
    headers: Object.fromEntries(headers),
    body: normalize(parseBody(text, type), gitea.url, ''),
  }
}
