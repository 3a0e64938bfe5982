import { writeFileSync } from 'node:fs'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { MINUTE } from '../../src/lib/units.js'
import type { Connection } from '../support/connect-client.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { type Stack, startStack } from '../support/start-stack.js'
import { createAsker } from './story.js'
import { initialize, legacy, modern } from './wire.js'

let stack: Stack<GiteaSandbox>
let alice: Connection
let now = Date.now()

beforeAll(async () => {
  const clock = { now: () => now }
  const gitea = await startGiteaSandbox({ seed: true, clock })
  // for now a Gitea that has no list of branches
  const described: Record<string, unknown> = Object(await (await fetch(`${gitea.url}/swagger.v1.json`)).json()).paths
  const paths = Object.fromEntries(Object.entries(described).filter(([path]) => !path.endsWith('/branches')))
  gitea.fault({ path: '/swagger.v1.json', body: JSON.stringify({ paths }), times: 1 })
  stack = await startStack(gitea, { clock })
  alice = await stack.connect()
})
afterAll(async () => {
  await stack.close()
  await stack.gitea.close()
})

/** A client of 2026-07-28 that listens to every list, and what it was told. */
async function listen() {
  const told: string[] = []
  const onChanged = (list: string) => ({ autoRefresh: false, onChanged: () => void told.push(list) })
  const client = new Client(
    { name: 'listener', version: '1' },
    {
      versionNegotiation: { mode: { pin: '2026-07-28' } },
      listChanged: { tools: onChanged('tools'), prompts: onChanged('prompts'), resources: onChanged('resources') },
    },
  )
  const headers = { authorization: `Bearer ${alice.accessToken}` }
  await client.connect(new StreamableHTTPClientTransport(new URL(`${stack.url}/mcp`), { requestInit: { headers } }))
  return { client, told }
}

it('a client of 2026-07-28 that listens is told of a new policy and of another Gitea', async () => {
  const { client, told } = await listen()
  try {
    const askAs = createAsker(stack, alice)
    const listed = async () =>
      Object((await askAs(modern, 'tools/list')).result.tools).map(({ name }: { name: string }) => name)
    expect(await listed()).toContain('list_issues')

    writeFileSync(stack.aegis.policyPath, 'defaults: { read: allow, write: deny }\ntools: { deny: [list_issues] }\n')
    stack.aegis.app.reloadPolicy()
    await expect.poll(() => [...told].sort()).toEqual(['prompts', 'resources', 'tools'])
    expect(await listed()).not.toContain('list_issues')

    told.length = 0
    expect(await listed()).not.toContain('list_branches')
    stack.gitea.fault({ path: '/api/v1/version', body: '{"version":"1.27.0"}', times: 1 })
    now += 5 * MINUTE
    await stack.aegis.app.checkGitea()
    await expect.poll(() => [...told].sort()).toEqual(['prompts', 'resources', 'tools'])
    expect(await listed()).toContain('list_branches')
  } finally {
    await client.close()
  }
})

it('a client of 2025-11-25 is promised nothing that it cannot be told, and sees the change when it asks', async () => {
  const askAs = createAsker(stack, alice)
  const { body } = initialize('2025-11-25')
  const { result } = await askAs(legacy, 'initialize', Object(body).params, { headers: { 'mcp-protocol-version': '' } })
  expect(result.capabilities).toEqual({ tools: {}, resources: {}, prompts: {}, completions: {} })

  writeFileSync(stack.aegis.policyPath, 'defaults: { read: allow, write: deny }\ntools: { deny: [get_me] }\n')
  stack.aegis.app.reloadPolicy()
  const { result: list } = await askAs(legacy, 'tools/list')
  expect(Object(list.tools).map(({ name }: { name: string }) => name)).not.toContain('get_me')
})
