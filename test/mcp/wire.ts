/** MCP requests as they go over the wire, and what came back. */
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { text as readText } from 'node:stream/consumers'

export interface WireRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

export interface WireAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** One message for a JSON answer, every message for a stream; text when it is neither. */
  readonly messages: readonly unknown[]
}

const JSON_HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
export const META = 'io.modelcontextprotocol'

type Params = Record<string, unknown>
type Id = string | number

/** A request of 2026-07-28 as its clients send it; `_meta` in `params` is kept. */
export function modern(method: string, params: Params = {}, id: Id = 1, capabilities: Params = {}): WireRequest {
  const name = params.name ?? params.uri
  return {
    headers: {
      ...JSON_HEADERS,
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(name === undefined ? {} : { 'mcp-name': toHeader(String(name)) }),
    },
    body: {
      jsonrpc: '2.0',
      id,
      method,
      params: {
        ...params,
        _meta: {
          [`${META}/protocolVersion`]: '2026-07-28',
          [`${META}/clientInfo`]: { name: 'test', version: '1' },
          [`${META}/clientCapabilities`]: capabilities,
          ...Object(params._meta),
        },
      },
    },
  }
}

/** A request of a 2025 revision; an empty `version` sends no version header. */
export function legacy(method: string, params: Params = {}, id: Id = 1, version = '2025-11-25'): WireRequest {
  return {
    headers: { ...JSON_HEADERS, ...(version === '' ? {} : { 'mcp-protocol-version': version }) },
    body: { jsonrpc: '2.0', id, method, params },
  }
}

export function initialize(protocolVersion: unknown): WireRequest {
  const clientInfo = { name: 'test', version: '1' }
  return legacy('initialize', { protocolVersion, capabilities: {}, clientInfo }, 0, '')
}

/** MCP 2026-07-28, Request Metadata: values that are no plain ASCII are sent as base64. */
function toHeader(value: string): string {
  return /^[\x20-\x7e]*$/.test(value) ? value : `=?base64?${Buffer.from(value).toString('base64')}?=`
}

/** With node:http, so that odd headers leave as they are. */
export function send(
  url: string,
  { headers, body }: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
  options: { readonly method?: string; readonly signal?: AbortSignal } = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, {
      method: options.method ?? 'POST',
      headers: { ...headers, ...(body === '' ? {} : { 'content-length': Buffer.byteLength(body) }) },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
    request.on('response', resolve)
    request.on('error', reject)
    request.end(body)
  })
}

export async function ask(url: string, { headers, body }: WireRequest): Promise<WireAnswer> {
  const response = await send(url, { headers, body: JSON.stringify(body) ?? '' })
  return toAnswer(response)
}

export async function toAnswer(response: IncomingMessage): Promise<WireAnswer> {
  const text = await readText(response)
  const isStream = response.headers['content-type']?.includes('event-stream')
  const parts = isStream
    ? [...text.matchAll(/^data: ?(.+)$/gm)].map(([, data]) => data ?? '')
    : text === ''
      ? []
      : [text]
  return { status: response.statusCode ?? 0, headers: response.headers, messages: parts.map(parse) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // an answer that is no JSON is compared as text
    return text
  }
}
