/** The HTTP side: reads requests, keeps the record of them, applies faults, sends answers. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Api, answerUnrouted } from './api.js'
import type { RawRequest } from './exchange.js'
import type { FaultRule, Faults } from './faults.js'
import { answerWeb } from './oauth/routes.js'
import type { Sessions } from './oauth/sessions.js'
import { empty, json, plainError, Refusal, type Reply, text } from './reply.js'
import type { Instance } from './state.js'
import type { HookWatch } from './webhooks/watch.js'

/** What Gitea saw of one request. */
export interface RequestRecord {
  readonly method: string
  /** Escaped path. */
  readonly path: string
  readonly query: string
  /** 0 while unanswered or when the connection was closed without an answer. */
  status: number
  /** Whose credentials it carried. */
  login: string | undefined
  /** Whose name it asked to act in. */
  readonly sudo: string | undefined
  /** What the request called itself: X-Request-Id. */
  readonly requestId: string | undefined
  /** The client went away before the answer was sent. */
  aborted: boolean
  readonly at: number
}

const maxRecords = 2000

export interface ServerParts {
  readonly instance: Instance
  readonly api: Api
  readonly sessions: Sessions
  readonly faults: Faults
  readonly requests: RequestRecord[]
  readonly hooks: HookWatch
}

async function readBody(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

async function answerApi(parts: ServerParts, raw: RawRequest, path: string): Promise<Reply> {
  const match = parts.api.router.match(raw.method, path)
  if (match.kind === 'found') return match.handler(raw, match.params)
  if (match.kind === 'method') return answerUnrouted(raw, empty(405, { allow: match.allow.join(', ') }))
  return answerUnrouted(raw, plainError(404, '404 page not found'))
}

async function answer(parts: ServerParts, raw: RawRequest): Promise<Reply> {
  // The one place where refusals become answers and bugs become a 500 that names them.
  try {
    if (raw.path === '/swagger.v1.json') {
      const paths: Record<string, Record<string, unknown>> = {}
      for (const { method, template } of parts.api.router.templates) {
        const path = template.replace(/\*$/, '{path}')
        paths[path] = { ...paths[path], [method.toLowerCase()]: {} }
      }
      return json(200, {
        swagger: '2.0',
        info: { title: 'Gitea API', version: parts.instance.version },
        basePath: '/api/v1',
        paths,
      })
    }
    if (raw.path.startsWith('/api/v1/')) return await answerApi(parts, raw, raw.path.slice('/api/v1'.length))
    if (raw.path.startsWith('/.well-known/') && !raw.path.endsWith('/openid-configuration')) return empty(404)
    return answerWeb(raw, parts.sessions) ?? text(404, 'Not found.\n')
  } catch (error) {
    if (error instanceof Refusal) return error.reply
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return plainError(599, `sandbox bug: ${message}`)
  }
}

function send(response: ServerResponse, reply: Reply, fault: FaultRule | undefined): void {
  const body = Buffer.from(reply.body)
  const headers = {
    'cache-control': 'max-age=0, private, must-revalidate, no-transform',
    'x-frame-options': 'SAMEORIGIN',
    ...reply.headers,
    ...(reply.status === 304 || reply.status === 204 ? {} : { 'content-length': String(body.length) }),
  }
  response.writeHead(reply.status, headers)
  if (fault?.truncate === undefined) {
    response.end(body)
    return
  }
  response.write(body.subarray(0, fault.truncate), () => response.socket?.destroy())
}

function faultReply(fault: FaultRule): Reply | undefined {
  if (fault.html) {
    const page =
      '<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>'
    return { status: fault.status ?? 502, headers: { 'content-type': 'text/html' }, body: fault.body ?? page }
  }
  if (fault.status === undefined && fault.body === undefined) return undefined
  const headers = { 'content-type': 'application/json;charset=utf-8', ...fault.headers }
  return { status: fault.status ?? 200, headers, body: fault.body ?? '{"message":""}\n' }
}

async function serve(parts: ServerParts, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = message.url ?? '/'
  const [path = '/', rawQuery = ''] = [
    target.split('?', 1)[0],
    target.includes('?') ? target.slice(target.indexOf('?') + 1) : '',
  ]
  const method = message.method ?? 'GET'
  const { sudo, 'x-request-id': requestId } = message.headers
  const record: RequestRecord = {
    method,
    path,
    query: rawQuery,
    status: 0,
    login: undefined,
    sudo: typeof sudo === 'string' ? sudo : undefined,
    requestId: typeof requestId === 'string' ? requestId : undefined,
    aborted: false,
    at: parts.instance.clock.now(),
  }
  parts.requests.push(record)
  if (parts.requests.length > maxRecords) parts.requests.shift()
  response.on('close', () => {
    if (!response.writableFinished) record.aborted = true
  })
  const fault = parts.faults.take(method, target)
  const body = await readBody(message)
  if (fault?.delayMs !== undefined) await sleep(fault.delayMs)
  if (fault?.destroySocket) {
    message.socket.destroy()
    return
  }
  const raw: RawRequest = {
    instance: parts.instance,
    method,
    path,
    query: new URLSearchParams(rawQuery),
    rawQuery,
    headers: message.headers,
    body,
    login: undefined,
  }
  // A GET whose client has gone is cancelled; a write that arrived is done whether or not anyone waits (T14).
  if (method === 'GET' && record.aborted) return
  const reply = (fault && faultReply(fault)) ?? (await answer(parts, raw))
  record.login = raw.login
  record.status = reply.status
  if (method !== 'GET') await parts.hooks.settle(record.sudo ?? raw.login)
  if (fault?.loseReply) {
    message.socket.destroy()
    return
  }
  send(response, reply, fault)
}

/** The server, not yet listening. */
export function createGiteaServer(parts: ServerParts): Server {
  return createServer((message, response) => {
    serve(parts, message, response).catch(() => response.socket?.destroy())
  })
}
