/** API keys as an operator makes them, and the calls that scripts make with them. */
import { expect } from 'vitest'
import { runAegis } from '../cli/run-aegis.js'
import type { Stack } from './start-stack.js'

/** What a service token needs for everything the tests do. */
export const SERVICE_SCOPES = [
  'read:user',
  'read:organization',
  'write:repository',
  'write:issue',
  'write:notification',
] as const

export interface MadeKey {
  readonly key: string
  readonly id: string
  readonly hint: string
}

/** `aegis keys <args>` beside the running server, for one that makes a key. */
export async function makeKey({ folder, aegis }: Stack, args: readonly string[]): Promise<MadeKey> {
  const run = await runAegis(['keys', ...args], { cwd: folder, env: { DATABASE_PATH: aegis.databasePath } })
  expect(run).toMatchObject({ code: 0, stdout: expect.stringMatching(/^agm_ak_[\w-]{43}\n$/) })
  const key = run.stdout.trim()
  const id = /Its id is (\w+)/.exec(run.stderr)?.[1] ?? ''
  return { key, id, hint: `${key.slice(0, 8)}...${key.slice(-4)}` }
}

/** A direct call, as scripts make one. */
export async function callDirectly(url: string, tool: string, args: unknown, headers: Record<string, string> = {}) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ tool, arguments: args }),
  })
  return { status: answer.status, headers: answer.headers, body: Object(await answer.json()) }
}

export const bearer = (key: string) => ({ authorization: `Bearer ${key}` })
