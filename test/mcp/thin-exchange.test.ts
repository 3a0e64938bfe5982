import { describe, expect, it } from 'vitest'
import { findShortRoute } from '../../src/mcp/thin-exchange.js'
import { initialize, legacy, META, modern, type WireRequest } from './wire.js'

const call = { name: 'echo', arguments: {} }

const short: Record<string, WireRequest> = {
  'a call of 2026-07-28': modern('tools/call', call),
  'a list of 2026-07-28': modern('tools/list', {}, 'a string'),
  'a call of 2025-11-25': legacy('tools/call', call),
  'a call of 2025-06-18': legacy('tools/call', call, 1, '2025-06-18'),
  'the handshake of a 2025 revision': initialize('2025-11-25'),
}

const withHeader = ({ headers, body }: WireRequest, name: string, value: string): WireRequest => ({
  headers: { ...headers, [name]: value },
  body,
})

/** What streams for long, or is not plainly well-formed, is answered with the SDK's keep-alives and error rules. */
const left: Record<string, WireRequest> = {
  'a call that asks for progress': modern('tools/call', { ...call, _meta: { progressToken: 0 } }),
  'a call of 2025 that asks for progress': legacy('tools/call', { ...call, _meta: { progressToken: 'p' } }),
  'a call that asks for logs': modern('tools/call', { ...call, _meta: { [`${META}/logLevel`]: 'info' } }),
  'a standing subscription': modern('subscriptions/listen', { notifications: { toolsListChanged: true } }),
  'a question about a task': modern('tasks/get', { taskId: '1' }),
  'a name that is not the one in the body': withHeader(modern('tools/call', call), 'mcp-name', 'other'),
  'a method that is not the one in the body': withHeader(modern('tools/call', call), 'mcp-method', 'tools/list'),
  'a revision that is not the one in the body': withHeader(modern('tools/list'), 'mcp-protocol-version', '2025-11-25'),
  'an unknown revision': legacy('tools/list', {}, 1, '2031-01-01'),
  'a call without a revision': legacy('tools/list', {}, 1, ''),
  'a client that takes no streams': withHeader(modern('tools/list'), 'accept', 'application/json'),
  'a client that takes only streams': withHeader(modern('tools/list'), 'accept', 'text/event-stream'),
  'another kind of body': withHeader(modern('tools/list'), 'content-type', 'application/jsonx'),
  'an id that is no integer': modern('tools/list', {}, 1.5),
  'a notification': { headers: legacy('x').headers, body: { jsonrpc: '2.0', method: 'notifications/initialized' } },
  'a batch': { headers: legacy('x').headers, body: [legacy('tools/list').body] },
  'no object at all': { headers: legacy('x').headers, body: 'tools/list' },
}

describe('which requests take the short way', () => {
  it.each(Object.entries(short))('%s does', (_name, { headers, body }) => {
    expect(findShortRoute(headers, body)).toMatchObject({ body })
  })

  it.each(Object.entries(left))('%s does not', (_name, { headers, body }) => {
    expect(findShortRoute(headers, body)).toBeUndefined()
  })
})
