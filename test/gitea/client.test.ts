import { inspect } from 'node:util'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createGiteaTransport, type GiteaClient, type GiteaTransport } from '../../src/gitea/client.js'
import type { OperationName } from '../../src/gitea/operations.js'
import { Unauthenticated, UpstreamTimeout } from '../../src/lib/errors.js'
import { answerJson, type ScriptedServer, startScriptedServer } from './scripted-server.js'

const TOKEN = 'eyJhbGciOi.first-token.sig'
const FRESH = 'eyJhbGciOi.second-token.sig'
const MAX_BYTES = 200_000
const getRepository = { path: { owner: 'acme', repo: 'web' }, subject: 'repository acme/web' }
const createIssue = { ...getRepository, body: { title: 'x' }, subject: 'a new issue in acme/web' }

let server: ScriptedServer
let transport: GiteaTransport
let renewed: string[]

beforeAll(async () => {
  server = await startScriptedServer()
  transport = createGiteaTransport({ baseUrl: `${server.url}/git/`, timeoutMs: 400, maxResponseBytes: MAX_BYTES })
})

beforeEach(() => {
  renewed = []
})

afterAll(async () => {
  await transport.close()
  await server.close()
})

function clientWith(options: { signal?: AbortSignal; onRequest?: (name: OperationName) => void } = {}): GiteaClient {
  const credential = {
    token: async () => TOKEN,
    renew: async (refused: string) => {
      renewed.push(refused)
      return FRESH
    },
  }
  return transport.as(credential, {
    operations: ['getRepository', 'createIssue', 'getCommitDiff', 'listIssues'],
    signal: options.signal ?? new AbortController().signal,
    requestId: 'req-7',
    ...(options.onRequest ? { onRequest: options.onRequest } : {}),
  })
}

async function failureOf(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  const outcome: unknown = await promise.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  )
  return outcome as Error & Record<string, unknown> // what these tests look at is checked by each of them
}

test('sends the person’s token below the sub-path of Gitea and reads the count', async () => {
  server.script((res) => answerJson(res, [{ number: 1 }], 200, { 'x-total-count': '41' }))

  const answer = await clientWith().request('listIssues', { ...getRepository, query: { limit: 1 } })

  expect(answer).toMatchObject({ body: [{ number: 1 }], total: 41 })
  expect(server.seen).toMatchObject([
    {
      method: 'GET',
      url: '/git/api/v1/repos/acme/web/issues?limit=1&page=1',
      headers: { authorization: `Bearer ${TOKEN}`, 'x-request-id': 'req-7', accept: 'application/json' },
    },
  ])
})

test('an operation that was not declared is never sent', async () => {
  server.script((res) => answerJson(res, {}))

  await expect(clientWith().request('getCurrentUser', { subject: 'account' })).rejects.toThrow(
    'the Gitea operation getCurrentUser is not declared for this call',
  )
  expect(server.seen).toEqual([])
})

test('every call is asked anew: nothing is kept between people', async () => {
  server.script((res, _request, attempt) => answerJson(res, attempt, 200, { 'cache-control': 'public, max-age=600' }))

  expect((await clientWith().request('getRepository', getRepository)).body).toBe(1)
  expect((await clientWith().request('getRepository', getRepository)).body).toBe(2)
})

test.each([
  ['503', (res: { writeHead(status: number): { end(): void } }) => res.writeHead(503).end()],
  ['a lost connection', (res: { destroy(): void }) => res.destroy()],
])('a read is sent again after %s, a write is not', async (_what, fail) => {
  const sent: string[] = []
  const client = clientWith({ onRequest: (name) => sent.push(name) })
  server.script((res, _request, attempt) => (attempt < 3 ? fail(res) : answerJson(res, ['at last'])))

  expect((await client.request('getRepository', getRepository)).body).toEqual(['at last'])
  expect(sent).toEqual(['getRepository', 'getRepository', 'getRepository'])

  server.script((res) => fail(res))
  await expect(client.request('createIssue', createIssue)).rejects.toMatchObject({ code: 'upstream_failed' })
  expect(server.seen).toHaveLength(1)
})

test('a read is given up after three tries', async () => {
  server.script((res) => res.writeHead(503).end())

  await expect(clientWith().request('getRepository', getRepository)).rejects.toMatchObject({ code: 'upstream_failed' })
  expect(server.seen).toHaveLength(3)
})

test.each([['getRepository', getRepository] as const, ['createIssue', createIssue] as const])(
  'a refused token is renewed and %s sent once more',
  async (name, request) => {
    server.script((res, { headers }) =>
      headers.authorization === `Bearer ${FRESH}` ? answerJson(res, { ok: true }, 201) : answerJson(res, {}, 401),
    )

    expect((await clientWith().request(name, request)).body).toEqual({ ok: true })
    expect(renewed).toEqual([TOKEN])
    expect(server.seen).toHaveLength(2)
  },
)

test('a second refusal ends it', async () => {
  server.script((res) => answerJson(res, { message: 'user does not exist [uid: 0, name: ]' }, 401))

  const failure = await failureOf(clientWith().request('getRepository', getRepository))

  expect(failure).toBeInstanceOf(Unauthenticated)
  expect(failure).toMatchObject({ source: 'gitea' })
  expect(server.seen).toHaveLength(2)
})

test('no answer and a dripping answer both end in time', async () => {
  server.script(() => {})
  await expect(clientWith().request('getRepository', getRepository)).rejects.toMatchObject({
    code: 'upstream_timeout',
    message: 'Gitea did not answer within 0.4 seconds.',
  })

  server.script((res) => {
    res.writeHead(200, { 'content-type': 'application/json' })
    const drip = setInterval(() => res.write(' '), 50)
    res.on('close', () => clearInterval(drip))
  })
  await expect(clientWith().request('getRepository', getRepository)).rejects.toMatchObject({ code: 'upstream_timeout' })
})

test('a write without an answer says that its outcome is not known', async () => {
  server.script(() => {})

  await expect(clientWith().request('createIssue', createIssue)).rejects.toThrow(
    /Whether it was carried out is not known/,
  )
  expect(server.seen).toHaveLength(1)
})

test('a Gitea that is down is called unreachable', async () => {
  const down = createGiteaTransport({ baseUrl: 'http://127.0.0.1:9', timeoutMs: 400, maxResponseBytes: MAX_BYTES })
  const client = down.as(
    { token: async () => TOKEN, renew: async () => FRESH },
    { operations: ['getRepository'], signal: new AbortController().signal, requestId: 'r' },
  )

  await expect(client.request('getRepository', getRepository)).rejects.toThrow('Gitea cannot be reached')
  await down.close()
})

test('a read is cancelled at Gitea when the caller leaves', async () => {
  const leave = new AbortController()
  const closed = Promise.withResolvers<boolean>()
  server.script((res) => {
    res.on('close', () => closed.resolve(!res.writableEnded))
    leave.abort()
  })

  await expect(clientWith({ signal: leave.signal }).request('getRepository', getRepository)).rejects.toMatchObject({
    code: 'cancelled',
  })
  expect(await closed.promise).toBe(true)
})

test('a write that was sent is finished although the caller leaves', async () => {
  const leave = new AbortController()
  server.script((res) => {
    leave.abort()
    setTimeout(() => answerJson(res, { number: 7 }, 201), 100)
  })

  const answer = await clientWith({ signal: leave.signal }).request('createIssue', createIssue)

  expect(answer.body).toEqual({ number: 7 })
})

test('nothing is sent once the caller has left, and the deadline says that it was the deadline', async () => {
  server.script((res) => answerJson(res, {}))
  const late = new UpstreamTimeout('The call took too long.')

  await expect(clientWith({ signal: AbortSignal.abort() }).request('createIssue', createIssue)).rejects.toMatchObject({
    code: 'cancelled',
  })
  await expect(clientWith({ signal: AbortSignal.abort(late) }).request('getRepository', getRepository)).rejects.toBe(
    late,
  )
  expect(server.seen).toEqual([])
})

test('an answer that is too large is left unread', async () => {
  let sent = 0
  const endless = (res: Parameters<Parameters<ScriptedServer['script']>[0]>[0], type: string) => {
    sent = 0
    res.writeHead(200, { 'content-type': type })
    const chunk = Buffer.alloc(64 * 1024, '1')
    const push = () => {
      while (!res.destroyed && sent < 512 * 1024 * 1024) {
        sent += chunk.length
        if (!res.write(chunk)) return void res.once('drain', push)
      }
    }
    push()
  }

  server.script((res) => endless(res, 'application/json'))
  await expect(clientWith().request('getRepository', getRepository)).rejects.toThrow('larger than 200000 bytes')
  expect(sent).toBeLessThan(32 * 1024 * 1024)

  server.script((res) => endless(res, 'text/plain'))
  const diff = await clientWith().request('getCommitDiff', {
    path: { owner: 'acme', repo: 'web', sha: 'abc1' },
    subject: 'commit',
  })
  expect(diff).toMatchObject({ truncated: true, body: '1'.repeat(MAX_BYTES) })
})

test.each([
  ['cut-off JSON', 'application/json', '{"name":"we', "Gitea's answer is cut off or damaged."],
  ['a login page', 'text/html; charset=utf-8', '<!DOCTYPE html><title>Sign in', 'is a web page, not the API of Gitea'],
  ['a page called JSON', 'application/json', '<html>', 'is a web page, not the API of Gitea'],
])('%s is a fault of what answered', async (_what, type, body, message) => {
  server.script((res) => res.writeHead(200, { 'content-type': type }).end(body))

  const failure = await failureOf(clientWith().request('getRepository', getRepository))

  expect(failure).toMatchObject({ code: 'upstream_failed', message: expect.stringContaining(message) })
})

const said = (message: string) => JSON.stringify({ message, url: 'https://gitea.example/api/swagger' })
const scopeText =
  'token does not have at least one of required scope(s), required=[read:user read:issue], token scope=read:repository'

test.each([
  [400, said('sha not found [x]'), { code: 'invalid_input' }],
  [403, said(scopeText), { rule: 'gitea.scope', message: expect.stringContaining('read:user read:issue') }],
  [403, said('token scope is limited to public repos'), { rule: 'gitea.scope' }],
  [403, said('This account is prohibited from signing in, please contact …'), { rule: 'gitea.account' }],
  [403, said('You must change your password. Change it at: …'), { rule: 'gitea.account' }],
  [403, said('user is blocked'), { rule: 'gitea.permission' }],
  [403, '', { rule: 'gitea.permission' }],
  [404, '{"errors":null,"message":"GetContentsOrList"}\nnull\n', { code: 'not_found' }],
  [404, 'null\n', { code: 'not_found' }],
  [404, '404 page not found\n', { code: 'not_found' }],
  [409, said('Git Repository is empty.'), { code: 'conflict' }],
  [412, said('cannot close this issue'), { code: 'invalid_input' }],
  [422, said('[Title]: Required'), { code: 'invalid_input' }],
  [423, said('alice/attic is archived'), { code: 'forbidden', rule: 'gitea.archived' }],
  [429, '', { code: 'rate_limited', retryAfterMs: 1000 }],
  [500, said(''), { code: 'upstream_failed', message: expect.stringContaining('request id req-7') }],
  [502, '<html><h1>Bad gateway', { code: 'upstream_failed' }],
])('HTTP %i with %j becomes an error in our own words', async (status, body, expected) => {
  server.script((res) => answerJson(res, body, status))

  const failure = await failureOf(clientWith().request('getRepository', getRepository))

  expect(failure).toMatchObject(expected)
  const upstream = body.startsWith('{') ? String(JSON.parse(body.split('\n')[0] ?? '').message) : body.trim()
  if (upstream.length > 4) {
    expect(failure.message).not.toContain(upstream)
    expect(failure.detail).toContain(upstream)
  }
})

test.each([301, 307])('a rename (HTTP %i) is not followed: policy was decided for the old name', async (status) => {
  server.script((res) => res.writeHead(status, { location: '/git/api/v1/repos/acme/other' }).end())

  await expect(clientWith().request('getRepository', getRepository)).rejects.toMatchObject({
    code: 'not_found',
    message: expect.stringContaining('renamed or moved. Look it up with list_repositories'),
  })
  expect(server.seen).toHaveLength(1)
})

test.each([
  ['an error message', 403, 'application/json', (echo: string) => said(`header was ${echo}`)],
  ['a proxy page', 502, 'text/html', (echo: string) => `<html>${echo}`],
  ['a page in place of JSON', 200, 'text/html', (echo: string) => `<html>${echo}`],
  ['damaged JSON', 200, 'application/json', (echo: string) => `${echo}{`],
  ['the second refusal', 401, 'application/json', (echo: string) => said(echo)],
])('the token is nowhere in an error, even when %s echoes it', async (_what, status, type, toBody) => {
  server.script((res, { headers }) =>
    res.writeHead(status, { 'content-type': type }).end(toBody(String(headers.authorization))),
  )

  const failure = await failureOf(clientWith().request('getRepository', getRepository))

  expect(failure.message).not.toBe('it did not fail')
  const everything = inspect(failure, { depth: 10, showHidden: true }) + failure.stack
  expect(everything).not.toContain(TOKEN)
  expect(everything).not.toContain(FRESH)
})
