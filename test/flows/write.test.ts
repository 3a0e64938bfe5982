import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Connection } from '../support/connect-client.js'
import { listToolNames } from '../support/mcp-call.js'
import { checkAudit, readAudit } from '../support/read-audit.js'
import { startGitea } from '../support/start-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

const SETTINGS = { WRITE_MODE: 'true', WRITE_REPOSITORY_WHITELIST: 'harbor/booking,harbor/infra' }
const POLICY = `
defaults: { read: allow, write: allow }
repositories:
  harbor/infra:
    tools: { approve: [create_issue] }
`
const ISSUE = { owner: 'harbor', repo: 'booking', title: 'The gangway is too short', labels: ['bug'] }

let stack: Stack
let reader: Connection

beforeAll(async () => {
  stack = await startStack(await startGitea(), { settings: SETTINGS, policy: POLICY })
  reader = await stack.connect()
})

afterAll(async () => {
  await checkAudit(stack.aegis)
  await stack.close()
  await stack.gitea.close()
})

describe('a client that may only read', () => {
  test('sees the writing tool, and is told in one challenge which scopes to ask for', async () => {
    expect(await listToolNames(stack.url, reader.accessToken)).toContain('create_issue')
    const answer = await stack.call(reader, 'create_issue', ISSUE)

    expect(answer.status).toBe(403)
    expect(answer.headers.get('www-authenticate')).toMatch(
      /^Bearer error="insufficient_scope", scope="read:repository write:repository", resource_metadata="[^"]+", error_description="[^"]+"$/,
    )
    expect((await readAudit(stack.aegis)).at(-1)).toMatchObject({
      type: 'access_denied',
      decision: { rule: 'scope.write:repository' },
    })
  })

  test('is told the same when it asked for progress, where the answer would be a stream', async () => {
    const response = await fetch(`${stack.url}/mcp`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${reader.accessToken}`,
        'mcp-protocol-version': '2025-11-25',
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: 'create_issue', arguments: ISSUE, _meta: { progressToken: 'p' } },
      }),
    })

    expect(response.status).toBe(403)
    expect(response.headers.get('www-authenticate')).toContain('insufficient_scope')
  })
})

describe('stepping up', () => {
  test('asks the person again, says what is new, and lets the client write after they agreed', async () => {
    let asked = ''
    const writer = await stack.connect(undefined, {
      clientId: reader.clientId,
      scope: 'read:repository write:repository',
      onPage: (_what, page) => {
        asked = page.text
      },
    })
    expect(asked).toMatch(/create/i)
    expect(writer.scope).toBe('read:repository write:repository')

    const created = await stack.call(writer, 'create_issue', ISSUE)
    expect(created.isError).toBe(false)
    const [, number] = /#(\d+)/.exec(created.text) ?? []
    const read = await stack.call(writer, 'get_issue', {
      owner: 'harbor',
      repo: 'booking',
      issue_number: Number(number),
    })
    expect(read.text).toContain('The gangway is too short')
    expect(read.text).toContain('bug')
  })

  test('a person may keep the client to reading, to some repositories, and to a day', async () => {
    const narrowed = await stack.connect(undefined, {
      scope: 'read:repository write:repository',
      narrow: { read_only: 'yes', repositories: 'harbor/booking', expiry: 'day' },
    })

    expect(await listToolNames(stack.url, narrowed.accessToken)).not.toContain('create_issue')
    const write = await stack.call(narrowed, 'create_issue', ISSUE)
    const elsewhere = await stack.call(narrowed, 'get_repository_info', { owner: 'harbor', repo: 'infra' })
    expect([write, elsewhere].map(({ isError, status }) => isError || status === 403)).toEqual([true, true])
    expect((await stack.call(narrowed, 'get_repository_info', { owner: 'harbor', repo: 'booking' })).isError).toBe(
      false,
    )
    expect((await stack.call(narrowed, 'list_repositories')).text).not.toContain('infra')
  })
})

describe('a client that may write', () => {
  let writer: Connection
  beforeAll(async () => {
    writer = await stack.connect(undefined, { scope: 'write:repository' })
  })

  test('cannot write where the whitelist does not reach', async () => {
    const answer = await stack.call(writer, 'create_issue', {
      ...ISSUE,
      owner: 'alice',
      repo: 'field-notes',
      labels: [],
    })

    expect(answer.isError).toBe(true)
    expect(answer.text).toMatch(/WRITE_REPOSITORY_WHITELIST/)
  })

  test('waits for an admin where the policy says approve, and then may do exactly that once', async () => {
    const infra = { owner: 'harbor', repo: 'infra' }
    const call = (title = 'Renew the lease') => stack.call(writer, 'create_issue', { ...infra, title })

    const waiting = await call()
    expect(waiting.text).toMatch(/needs a yes from an admin. Request (\S+) is waiting/)
    const [, id = ''] = /Request (\S+) is waiting/.exec(waiting.text) ?? []
    stack.aegis.app.gate.approvals.decide(id, 'approved', 'bob')

    expect((await call()).isError).toBe(false)
    expect((await call()).text).toMatch(/nothing was done again/)
    expect((await call('Renew the other lease')).text).toMatch(/needs a yes/)
    expect((await stack.call(writer, 'list_issues', infra)).text).toMatch(/^1 open issue in/m)
    expect(await readAudit(stack.aegis)).toContainEqual(
      expect.objectContaining({
        status: 'pending',
        decision: expect.objectContaining({ effect: 'approve', reason: `approved by bob (request ${id})` }),
      }),
    )
  })

  test('is told which labels exist when it names one that does not, and nothing is created', async () => {
    const answer = await stack.call(writer, 'create_issue', { ...ISSUE, title: 'Never there', labels: ['bgu'] })

    expect(answer.isError).toBe(true)
    expect(answer.text).toContain('bug')
    const { text } = await stack.call(writer, 'list_issues', { owner: 'harbor', repo: 'booking' })
    expect(text).not.toContain('Never there')
  })
})
