import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkAudit } from '../support/read-audit.js'
import { sdkClients } from '../support/sdk-clients.js'
import { seedPeople } from '../support/seed-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

let stack: Stack

beforeAll(async () => {
  stack = await startStack(await startGitea())
})
afterAll(async () => {
  await checkAudit(stack.aegis)
  await stack.close()
  await stack.gitea.close()
})

describe('clients that nobody here wrote', () => {
  test.each(sdkClients)('$name finds its way in and calls', async ({ name, signInAndCall }) => {
    const call = { name: 'get_repository_info', arguments: { owner: 'harbor', repo: 'booking' } }

    const outcome = await signInAndCall(`${stack.url}/mcp`, seedPeople.alice, call)

    expect(outcome.protocolVersion).toBe(/legacy|sdk 1/.test(name) ? '2025-11-25' : '2026-07-28')
    expect(outcome.toolNames).toContain('get_repository_info')
    expect(outcome).toMatchObject({ isError: false, text: expect.stringContaining('harbor/booking') })
  })
})
