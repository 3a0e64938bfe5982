import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGiteaTransport } from '../../src/gitea/client.js'
import { Unauthenticated, UpstreamTimeout } from '../../src/lib/errors.js'
import {
  createIssue,
  FRESH,
  failureOf,
  getRepository,
  MAX_BYTES,
  type ScriptedGitea,
  startScriptedGitea,
  TOKEN,
} from './scripted-client.js'
import { answerJson, type ScriptedServer } from './scripted-server.js'

let gitea: ScriptedGitea

beforeAll(async () => {
  gitea = await startScriptedGitea()
})

afterAll(() => gitea.close())

test('sends the person’s token below the sub-path of Gitea and reads the count', async () => {
  gitea.server.script((res) => answerJson(res, [{ number: 1 }], 200, { 'x-total-count': '41' }))

  const answer = await gitea.client().request('listIssues', { ...getRepository, query: { limit: 1 } })

  expect(answer).toMatchObject({ body: [{ number: 1 }], total: 41 })
  expect(gitea.server.seen).toMatchObject([
    {
      method: 'GET',
      url: '/git/api/v1/repos/acme/web/issues?limit=1&page=1',
      headers: { authorization: `Bearer ${TOKEN}`, 'x-request-id': 'req-7', accept: 'application/json' },
    },
  ])
})

test('an operation that was not declared is never sent', async () => {
  gitea.server.script((res) => answerJson(res, {}))

  await expect(gitea.client().request('getCurrentUser', { subject: 'account' })).rejects.toThrow(
    'the Gitea operation getCurrentUser is not declared for this call',
  )
  expect(gitea.server.seen).toEqual([])
})

test('every call is asked anew: nothing is kept between people', async () => {
  gitea.server.script((res, _request, attempt) =>
    answerJson(res, attempt, 200, { 'cache-control': 'public, max-age=600' }),
  )

  expect((await gitea.client().request('getRepository', getRepository)).body).toBe(1)
  expect((await gitea.client().request('getRepository', getRepository)).body).toBe(2)
})

test.each([
  ['503', (res: { writeHead(status: number): { end(): void } }) => res.writeHead(503).end()],
  ['a lost connection', (res: { destroy(): void }) => res.destroy()],
])('a read is sent again after %s, a write is not', async (_what, fail) => {
  const sent: string[] = []
  const client = gitea.client({ onRequest: (name) => sent.push(name) })
  gitea.server.script((res, _request, attempt) => (attempt < 3 ? fail(res) : answerJson(res, ['at last'])))

  expect((await client.request('getRepository', getRepository)).body).toEqual(['at last'])
  expect(sent).toEqual(['getRepository', 'getRepository', 'getRepository'])

  gitea.server.script((res) => fail(res))
  await expect(client.request('createIssue', createIssue)).rejects.toMatchObject({ code: 'upstream_failed' })
  expect(gitea.server.seen).toHaveLength(1)
})

test('a read is given up after three tries', async () => {
  gitea.server.script((res) => res.writeHead(503).end())

  await expect(gitea.client().request('getRepository', getRepository)).rejects.toMatchObject({
    code: 'upstream_failed',
  })
  expect(gitea.server.seen).toHaveLength(3)
})

test.each([['getRepository', getRepository] as const, ['createIssue', createIssue] as const])(
  'a refused token is renewed and %s sent once more',
  async (name, request) => {
    gitea.server.script((res, { headers }) =>
      headers.authorization === `Bearer ${FRESH}` ? answerJson(res, { ok: true }, 201) : answerJson(res, {}, 401),
    )

    expect((await gitea.client().request(name, request)).body).toEqual({ ok: true })
    expect(gitea.renewed.at(-1)).toBe(TOKEN)
    expect(gitea.server.seen).toHaveLength(2)
  },
)

test('a second refusal ends it', async () => {
  gitea.server.script((res) => answerJson(res, { message: 'user does not exist [uid: 0, name: ]' }, 401))

  const failure = await failureOf(gitea.client().request('getRepository', getRepository))

  expect(failure).toBeInstanceOf(Unauthenticated)
  expect(failure).toMatchObject({ source: 'gitea' })
  expect(gitea.server.seen).toHaveLength(2)
})

test('no answer and a dripping answer both end in time', async () => {
  gitea.server.script(() => {})
  await expect(gitea.client().request('getRepository', getRepository)).rejects.toMatchObject({
    code: 'upstream_timeout',
    message: 'Gitea did not answer within 0.4 s.',
  })

  gitea.server.script((res) => {
    res.writeHead(200, { 'content-type': 'application/json' })
    const drip = setInterval(() => res.write(' '), 50)
    res.on('close', () => clearInterval(drip))
  })
  await expect(gitea.client().request('getRepository', getRepository)).rejects.toMatchObject({
    code: 'upstream_timeout',
  })
})

test('a write without an answer says that its outcome is not known', async () => {
  gitea.server.script(() => {})

  await expect(gitea.client().request('createIssue', createIssue)).rejects.toThrow(
    /Whether it was carried out is not known/,
  )
  expect(gitea.server.seen).toHaveLength(1)
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
  gitea.server.script((res) => {
    res.on('close', () => closed.resolve(!res.writableEnded))
    leave.abort()
  })

  await expect(gitea.client({ signal: leave.signal }).request('getRepository', getRepository)).rejects.toMatchObject({
    code: 'cancelled',
  })
  expect(await closed.promise).toBe(true)
})

test('a write that was sent is finished although the caller leaves', async () => {
  const leave = new AbortController()
  gitea.server.script((res) => {
    leave.abort()
    setTimeout(() => answerJson(res, { number: 7 }, 201), 100)
  })

  const answer = await gitea.client({ signal: leave.signal }).request('createIssue', createIssue)

  expect(answer.body).toEqual({ number: 7 })
})

test('nothing is sent once the caller has left, and the deadline says that it was the deadline', async () => {
  gitea.server.script((res) => answerJson(res, {}))
  const late = new UpstreamTimeout('The call took too long.')

  await expect(gitea.client({ signal: AbortSignal.abort() }).request('createIssue', createIssue)).rejects.toMatchObject(
    {
      code: 'cancelled',
    },
  )
  await expect(gitea.client({ signal: AbortSignal.abort(late) }).request('getRepository', getRepository)).rejects.toBe(
    late,
  )
  expect(gitea.server.seen).toEqual([])
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

  gitea.server.script((res) => endless(res, 'application/json'))
  await expect(gitea.client().request('getRepository', getRepository)).rejects.toThrow('larger than 200000 bytes')
  expect(sent).toBeLessThan(32 * 1024 * 1024)

  gitea.server.script((res) => endless(res, 'text/plain'))
  const diff = await gitea.client().request('getCommitDiff', {
    path: { owner: 'acme', repo: 'web', sha: 'abc1' },
    subject: 'commit',
  })
  expect(diff).toMatchObject({ truncated: true, body: '1'.repeat(MAX_BYTES) })
})
