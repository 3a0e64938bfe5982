import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Connection } from '../support/connect-client.js'
import { listToolNames } from '../support/mcp-call.js'
import { checkAudit, readAudit } from '../support/read-audit.js'
import { startGitea } from '../support/start-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

const POLICY = `
defaults:
  read: allow
  write: deny
tools:
  deny: [list_commits]
repositories:
  harbor/infra:
    tools:
      allow: [get_file_contents, get_file_tree]
    paths:
      deny: [deploy/**]
  alice/scratch:
    tools:
      deny: ['*']
`

let stack: Stack
let alice: Connection

beforeAll(async () => {
  stack = await startStack(await startGitea(), { policy: POLICY })
  alice = await stack.connect()
})

afterAll(async () => {
  await checkAudit(stack.aegis)
  await stack.close()
  await stack.gitea.close()
})

describe('the admin’s policy', () => {
  test('takes a tool away from everyone: it is neither listed nor callable', async () => {
    expect(await listToolNames(stack.url, alice.accessToken)).not.toContain('list_commits')
    const answer = await stack.call(alice, 'list_commits', { owner: 'harbor', repo: 'booking' })

    expect(answer.isError).toBe(true)
    expect(answer.text).toMatch(/policy/i)
  })

  test('closes a repository to all tools but the named ones', async () => {
    const open = await stack.call(alice, 'get_file_tree', { owner: 'harbor', repo: 'infra' })
    const closed = await stack.call(alice, 'list_issues', { owner: 'harbor', repo: 'infra' })

    expect(open.isError).toBe(false)
    expect(closed.isError).toBe(true)
  })

  test('hides a repository from lists when it may not be used', async () => {
    const { text } = await stack.call(alice, 'list_repositories')

    expect(text).not.toContain('alice/scratch')
    expect(text).not.toContain('harbor/infra')
    expect(text).toContain('2 repositories left out')
  })

  test.each([
    'deploy/booking.env',
    'Deploy/booking.env',
    'deploy//booking.env',
    './deploy/booking.env',
    'runbooks/../deploy/booking.env',
    'deploy%2Fbooking.env',
    '%64eploy/booking.env',
    'deploy\\booking.env',
    'ｄeploy/booking.env',
    'dеploy/booking.env',
    'de\u200bploy/booking.env',
    'deploy/booking.env ',
    '/deploy/booking.env',
  ])('keeps %j closed however it is written', async (filepath) => {
    const answer = await stack.call(alice, 'get_file_contents', { owner: 'harbor', repo: 'infra', filepath })

    expect(answer.isError).toBe(true)
    expect(answer.text).not.toMatch(/AWS|DATABASE/)
  })

  test('does not name closed files in a tree, and says that some are left out', async () => {
    const { text } = await stack.call(alice, 'get_file_tree', { owner: 'harbor', repo: 'infra', recursive: true })

    expect(text).toContain('runbooks')
    expect(text).not.toContain('booking.env')
    expect(text).toMatch(/3 entries not shown/)
  })

  test('is recorded with the rule that decided', async () => {
    await stack.call(alice, 'get_file_contents', { owner: 'harbor', repo: 'infra', filepath: 'deploy/hosts.yaml' })

    expect((await readAudit(stack.aegis)).at(-1)).toMatchObject({
      type: 'access_denied',
      reason: 'policy',
      tool: 'get_file_contents',
      actor: { login: 'alice' },
      decision: { effect: 'deny', rule: 'repositories.harbor/infra.paths.deny[0]' },
    })
  })
})

describe('reloading', () => {
  test('takes a good file at once and keeps the old one when the new one is broken', async () => {
    writeFileSync(stack.aegis.policyPath, 'defaults:\n  read: deny\n  write: deny\n')
    expect(stack.aegis.app.reloadPolicy()).toBe(true)
    expect(await listToolNames(stack.url, alice.accessToken)).toEqual([])

    writeFileSync(stack.aegis.policyPath, 'defaults:\n  read: perhaps\n')
    expect(stack.aegis.app.reloadPolicy()).toBe(false)
    expect(await listToolNames(stack.url, alice.accessToken)).toEqual([])
    const health = await (await fetch(`${stack.url}/health`)).json()
    expect(health).toMatchObject({ status: 'healthy', checks: { policy: { reason: expect.stringContaining(':2:') } } })

    writeFileSync(stack.aegis.policyPath, POLICY)
    expect(stack.aegis.app.reloadPolicy()).toBe(true)
  })
})

describe('a broken policy', () => {
  test('keeps the server from starting, and says where it is broken', async () => {
    const start = startStack(stack.gitea, { policy: 'defaults:\n  read: allow\ntools:\n  deny: [get_fil_contents]\n' })

    await expect(start).rejects.toThrow(/policy\.yaml:4:\d+: .*get_file_contents/s)
  })
})
