/** HTTP+SSE of 2024-11-05 by hand: the stream as it is sent, and messages posted to the address it names. */
import { request as httpRequest, type IncomingMessage } from 'node:http'

interface StreamEvent {
  readonly event: string
  readonly data: string
}

export interface SseStream {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** The address for messages, from the first event. */
  readonly endpoint: string
  /** The next event of the stream; undefined when it has ended. */
  next(): Promise<StreamEvent | undefined>
  /** Posts a message and waits for the answer with its id on the stream. */
  ask(method: string, params?: Record<string, unknown>, id?: number): Promise<Record<string, unknown>>
  post(message: unknown, headers?: Record<string, string>): Promise<Response>
  close(): void
}

/**
 * @param token empty for none
 * @throws Error with the status when no stream is opened
 */
export async function openSse(url: string, token: string, query = ''): Promise<SseStream> {
  const response = await get(`${url}/mcp/sse${query}`, token)
  if (response.statusCode !== 200) {
    throw new Error(`no stream: ${response.statusCode}`)
  }
  const events = readEvents(response)
  const next = async () => {
    const { value, done } = await events.next()
    return done === true ? undefined : value
  }
  const first = await next()
  const endpoint = new URL(first?.data ?? '', url).href
  const post: SseStream['post'] = (message, headers = {}) =>
    fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...prove(token), ...headers },
      body: typeof message === 'string' ? message : JSON.stringify(message),
    })
  return {
    status: response.statusCode,
    headers: response.headers,
    endpoint,
    next,
    post,
    ask: async (method, params = {}, id = 1) => {
      const posted = await post({ jsonrpc: '2.0', id, method, params })
      if (posted.status !== 202) {
        throw new Error(`not taken: ${posted.status} ${await posted.text()}`)
      }
      for (let event = await next(); event !== undefined; event = await next()) {
        const message: Record<string, unknown> = Object(JSON.parse(event.data))
        if (message.id === id) {
          return message
        }
      }
      throw new Error('the stream ended before the answer')
    },
    close: () => response.destroy(),
  }
}

function get(url: string, token: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    httpRequest(url, { headers: { accept: 'text/event-stream', ...prove(token) }, agent: false })
      .on('response', resolve)
      .on('error', reject)
      .end()
  })
}

function prove(token: string): Record<string, string> {
  return token === '' ? {} : { authorization: `Bearer ${token}` }
}

async function* readEvents(response: IncomingMessage): AsyncGenerator<StreamEvent> {
  let text = ''
  try {
    for await (const chunk of response.setEncoding('utf8')) {
      text += chunk
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const lines = text.slice(0, end).split('\n')
        text = text.slice(end + 2)
        const find = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
        const data = find('data')
        if (data !== undefined) {
          yield { event: find('event') ?? 'message', data }
        }
      }
    }
  } catch {
    // a connection that was cut is an ended stream
  }
}
