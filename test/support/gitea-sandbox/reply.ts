/** What the sandbox answers, built the way Gitea's context helpers build it (services/context/api.go). */

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: string | Buffer
}

/** Ends a request early with an answer: how a step refuses from deep inside without threading results through. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  constructor(readonly reply: Reply) {
    super(`refused with ${reply.status}`)
  }
}

/** JSON as Go's encoding/json v1 writes it: `<`, `>`, `&` escaped and a final newline. */
function toGoJson(value: unknown): string {
  const escaped = JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `${escaped}\n`
}

export function json(status: number, value: unknown, headers: Reply['headers'] = {}): Reply {
  return { status, headers: { 'content-type': 'application/json;charset=utf-8', ...headers }, body: toGoJson(value) }
}

export function text(status: number, body: string, headers: Reply['headers'] = {}): Reply {
  return { status, headers: { 'content-type': 'text/plain;charset=utf-8', ...headers }, body }
}

/** Go's http.Error, with its newline and its other spelling of the content type. */
export function plainError(status: number, body: string, headers: Reply['headers'] = {}): Reply {
  return text(status, `${body}\n`, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    ...headers,
  })
}

export function html(status: number, body: string, headers: Reply['headers'] = {}): Reply {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8', ...headers }, body }
}

export function empty(status: number, headers: Reply['headers'] = {}): Reply {
  return { status, headers, body: '' }
}

/** Gitea's web redirects are 303 unless said otherwise. */
export function redirect(location: string, status = 303, headers: Reply['headers'] = {}): Reply {
  return { status, headers: { location, ...headers }, body: '' }
}

/** `{message,url}`; every API error but 404 has this form. */
export function apiError(root: string, status: number, message: string): Reply {
  return json(status, { message, url: `${root}/api/swagger` })
}

/** The three-field 404; keys in the order Go prints a map. */
export function apiNotFound(root: string, errors: readonly string[] | null = null, message = 'not found'): Reply {
  return json(404, { errors, message, url: `${root}/api/swagger` })
}
