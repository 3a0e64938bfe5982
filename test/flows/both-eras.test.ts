import { afterAll, beforeAll, expect, test } from 'vitest'
import { catalog } from '../../src/tools/catalog.gen.js'
import { isForClients } from '../../src/tools/define-tool.js'
import { ask, legacy, modern } from '../mcp/wire.js'
import type { Connection } from '../support/connect-client.js'
import { sampleArguments } from '../support/sample-arguments.js'
import { startGitea } from '../support/start-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

let stack: Stack
let alice: Connection

beforeAll(async () => {
  const gitea = await startGitea()
  stack = await startStack(gitea, {
    settings: {
      RATE_LIMIT_PER_MINUTE: '10000',
      TOKEN_RATE_LIMIT_PER_MINUTE: '10000',
      AUTOMATION_ENABLED: 'true',
      AUTOMATION_TOKEN: await gitea.createToken('bob', ['read:user', 'write:repository', 'write:issue']),
    },
  })
  alice = await stack.connect()
})

afterAll(async () => {
  await stack.close()
  await stack.gitea.close()
})

async function call(make: typeof modern | typeof legacy, name: string, args: Record<string, unknown>) {
  const { headers, body } = make('tools/call', { name, arguments: args })
  const authorization = `Bearer ${alice.accessToken}`
  const answer = await ask(`${stack.url}/mcp`, { headers: { ...headers, authorization }, body })
  const [message] = answer.messages as { result?: { content?: { type: string; text?: string }[]; isError?: boolean } }[]
  const { content = [], isError = false } = message?.result ?? {}
  // the mark around untrusted text is another one in every answer
  const text = content
    .map((part) => part.text ?? '')
    .join('')
    .replaceAll(/\[\d+: /g, '[mark: ')
  return { status: answer.status, isError, text }
}

test.each(catalog.filter(isForClients).map((tool) => [tool.name, tool] as const))(
  '%s answers a client of 2026-07-28 and one of 2025-11-25 alike',
  async (name, tool) => {
    const args = sampleArguments(tool, { owner: 'harbor', repo: 'booking' })

    const now = await call(modern, name, args)
    const before = await call(legacy, name, args)

    // a write is refused alike: this connection may only read
    expect(before).toEqual(now)
    expect(now.status).toBe(tool.effect === 'read' ? 200 : 403)
  },
)
