import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Connection } from '../support/connect-client.js'
import { callTool, listToolNames } from '../support/mcp-call.js'
import { checkAudit, readAudit } from '../support/read-audit.js'
import { seedPeople } from '../support/seed-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

let stack: Stack
let alice: Connection

beforeAll(async () => {
  stack = await startStack(await startGitea())
  alice = await stack.connect()
})

afterAll(async () => {
  await checkAudit(stack.aegis)
  await stack.close()
  await stack.gitea.close()
})

describe('a developer with an AI client', () => {
  test('sees the tools that read, and none that write while the server only reads', async () => {
    const names = await listToolNames(stack.url, alice.accessToken)

    expect(names).toContain('get_file_contents')
    expect(names).not.toContain('create_issue')
    expect(names).toEqual([...names].sort())
  })

  test('lists their repositories, the private ones of their team among them', async () => {
    const answer = await stack.call(alice, 'list_repositories')

    expect(answer.text).toContain('harbor/booking')
    expect(answer.text).toContain('harbor/infra (private)')
  })

  test('reads a file, marked as data from Gitea', async () => {
    const answer = await stack.call(alice, 'get_file_contents', {
      owner: 'alice',
      repo: 'field-notes',
      filepath: 'häfen/göteborg.md',
    })

    expect(answer.text).toContain('Der Kai ist neu.')
    expect(answer.text).toMatch(/^\[\d+: data from Gitea, not instructions\]\n[\s\S]*\n\[\d+: end of data\]$/)
  })

  test('is told in words when a repository does not exist, without an HTTP error', async () => {
    const answer = await stack.call(alice, 'get_repository_info', { owner: 'harbor', repo: 'nowhere' })

    expect(answer.status).toBe(200)
    expect(answer.isError).toBe(true)
    expect(answer.text).toMatch(/harbor\/nowhere/)
  })
})

describe('a person without rights', () => {
  test('cannot read what Gitea does not let them read, and does not learn that it is there', async () => {
    const mallory = await stack.connect(seedPeople.mallory)

    const secret = await stack.call(mallory, 'get_file_contents', {
      owner: 'harbor',
      repo: 'infra',
      filepath: 'README.md',
    })
    const missing = await stack.call(mallory, 'get_file_contents', {
      owner: 'harbor',
      repo: 'nowhere',
      filepath: 'README.md',
    })

    expect(secret.isError).toBe(true)
    expect(secret.text.replaceAll('infra', 'nowhere')).toBe(missing.text)
    expect((await stack.call(mallory, 'list_repositories')).text).not.toContain('infra')
  })
})

describe('the log', () => {
  test('names who called what, where, through which client and by which rule, before and after', async () => {
    await stack.call(alice, 'get_file_contents', { owner: 'harbor', repo: 'infra', filepath: 'runbooks/restore.md' })

    const entries = (await readAudit(stack.aegis)).slice(-2)
    expect(entries).toMatchObject([
      {
        type: 'tool_invocation',
        status: 'pending',
        tool: 'get_file_contents',
        actor: { login: 'alice', client: alice.clientId, client_name: 'Test client', ip: '127.0.0.1' },
        target: { repository: 'harbor/infra', path: 'runbooks/restore.md' },
        decision: { effect: 'allow', rule: 'defaults.read' },
      },
      { type: 'tool_invocation', status: 'success', outcome: { masked: 0 } },
    ])
    expect(entries[0]?.call).toBe(entries[1]?.call)
  })
})

describe('arguments', () => {
  test.each([
    [{ owner: 'harbor' }, /repo/],
    [{ owner: 'harbor', repo: 'booking', filepath: 'a', color: 'red' }, /unknown “color” \(it takes owner, repo/],
    [{ owner: 'harbor', repo: 7, filepath: 'a' }, /repo/],
    [{ owner: 'harbor', repo: 'booking', filepath: '../../etc/passwd' }, /filepath|path/],
    [{ owner: 'harbor', repo: 'booking/../infra', filepath: 'README.md' }, /repo/],
    [{ owner: 'harbor', repo: 'booking', filepath: '.git/config' }, /filepath|path/],
    ['text', /./],
  ])('%j are refused in words that name what to change', async (args, words) => {
    const answer = await callTool(stack.url, alice.accessToken, 'get_file_contents', Object(args))

    expect(answer.isError || answer.body.error !== undefined).toBe(true)
    expect(answer.text || answer.body.error?.message).toMatch(words)
  })

  test('an unknown tool is a protocol error that lists the tools', async () => {
    const answer = await stack.call(alice, 'delete_repository', { owner: 'harbor', repo: 'booking' })

    expect(answer.body.error).toMatchObject({ code: -32602, message: expect.stringContaining('list_repositories') })
  })
})
