import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { Connection } from '../support/connect-client.js'
import { checkAudit } from '../support/read-audit.js'
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

const Found = z.object({ results: z.array(z.object({ id: z.string(), title: z.string(), url: z.string() })) })
const Document = z.object({ id: z.string(), title: z.string(), text: z.string(), url: z.string() })

test('code is found, and what was found can be fetched', async () => {
  const code = await stack.call(alice, 'search_code', { owner: 'harbor', repo: 'booking', query: 'refundShare' })
  expect(code.text).toContain('src/booking/cancel-rules.ts')

  const { results } = Found.parse(
    JSON.parse((await stack.call(alice, 'search', { query: 'repo:harbor/booking refundShare' })).text),
  )
  const file = results.find(({ id }) => id.endsWith('cancel-rules.ts'))
  const document = Document.parse(JSON.parse((await stack.call(alice, 'fetch', { id: file?.id })).text))

  expect(document.id).toBe(file?.id)
  expect(document.text).toContain('export function refundShare')
  expect(document.text).toMatch(/^\[\d+: data from Gitea, not instructions\]/)
})
