/** Requests of both eras to a running server, as a person who is signed in. */
import type { Connection } from '../support/connect-client.js'
import type { Stack } from '../support/start-stack.js'
import { ask, legacy, modern, type WireAnswer } from './wire.js'

export const ERAS = [
  { era: '2026-07-28', make: modern },
  { era: '2025-11-25', make: legacy },
] as const

type Make = (typeof ERAS)[number]['make']

interface Asked {
  readonly status: number
  readonly headers: WireAnswer['headers']
  /** The last message: its result, or nothing. */
  readonly result: Record<string, unknown>
  readonly error: { readonly code: number; readonly message: string; readonly data?: unknown } | undefined
}

export interface AskOptions {
  /** Behind `/mcp?`. */
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
}

export function createAsker(stack: Stack, connection: Connection) {
  return async function askAs(
    make: Make,
    method: string,
    params: Record<string, unknown> = {},
    { query = '', headers = {} }: AskOptions = {},
  ): Promise<Asked> {
    const request = make(method, params)
    const all = { ...request.headers, ...headers, authorization: `Bearer ${connection.accessToken}` }
    const answer = await ask(`${stack.url}/mcp${query === '' ? '' : `?${query}`}`, { headers: all, body: request.body })
    const { result = {}, error } = Object(answer.messages.at(-1))
    return { status: answer.status, headers: answer.headers, result, error }
  }
}
