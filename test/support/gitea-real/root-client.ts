/** Calls a real Gitea's API as its administrator, on behalf of anybody. */
import { type GiteaProcess, rootLogin } from './process.js'

interface RootAnswer {
  text(field: string): string
  number(field: string): number
  flag(field: string): boolean
}

export interface RootClient {
  /** One call; `sudo` is the person it is made for. Throws with Gitea's words unless it answers 2xx. */
  send(method: string, path: string, body?: unknown, sudo?: string): Promise<RootAnswer>
  /** All rows of a list. */
  list(path: string): Promise<readonly RootAnswer[]>
}

function answerOf(value: unknown, what: string): RootAnswer {
  const fields = new Map(typeof value === 'object' && value !== null ? Object.entries(value) : [])
  return {
    text(field) {
      const found: unknown = fields.get(field)
      if (typeof found !== 'string') throw new Error(`${what} has no text ${field}`)
      return found
    },
    number(field) {
      const found: unknown = fields.get(field)
      if (typeof found !== 'number') throw new Error(`${what} has no number ${field}`)
      return found
    },
    flag(field) {
      const found: unknown = fields.get(field)
      if (typeof found !== 'boolean') throw new Error(`${what} has no flag ${field}`)
      return found
    },
  }
}

export function createRootClient(gitea: Pick<GiteaProcess, 'url' | 'rootToken'>): RootClient {
  // Basic, because making tokens for others is refused to any other kind of credential.
  const authorization = `Basic ${Buffer.from(`${rootLogin}:${gitea.rootToken}`).toString('base64')}`

  async function call(method: string, path: string, body: unknown, sudo: string | undefined): Promise<unknown> {
    const response = await fetch(`${gitea.url}/api/v1${path}`, {
      method,
      headers: {
        authorization,
        ...(sudo ? { sudo } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
    return text.trim() === '' ? {} : JSON.parse(text)
  }

  return {
    send: async (method, path, body, sudo) => answerOf(await call(method, path, body, sudo), `${method} ${path}`),
    async list(path) {
      const rows = await call('GET', path, undefined, undefined)
      return Array.isArray(rows) ? rows.map((row) => answerOf(row, path)) : []
    },
  }
}
