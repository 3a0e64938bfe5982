/** Deliveries as Gitea sends them, for tests. */
import { createHmac, randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = 'test/fixtures/webhooks'

/** One delivery that a running Gitea sent, as it was received. */
export interface Recorded {
  readonly name: string
  readonly secret: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export function readRecorded(name: string): Recorded {
  return { name, ...JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) }
}

export function listRecorded(): Recorded[] {
  return readdirSync(FOLDER).map((file) => readRecorded(file.replace(/\.json$/, '')))
}

/** Headers that belong to one connection. */
const OF_CONNECTION = new Set(['host', 'content-length', 'accept-encoding', 'user-agent'])

/** Sends it on as it was, unless told otherwise. */
export function sendRecorded(url: string, { headers, body }: Recorded, more: Record<string, string> = {}) {
  const kept = Object.entries(headers).filter(([name]) => !OF_CONNECTION.has(name.toLowerCase()))
  return send(url, body, { ...Object.fromEntries(kept), ...more })
}

export function sign(secret: string, body: string | Buffer): string {
  return createHmac('sha256', secret).update(body).digest('hex')
}

export interface Sent {
  readonly status: number
  readonly headers: Headers
  readonly answer: Readonly<Record<string, unknown>>
}

/** Signs a new delivery with `secret` and sends it. */
export function deliver(
  url: string,
  secret: string,
  event: string,
  payload: unknown,
  more: Record<string, string> = {},
): Promise<Sent> {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload, null, 2)
  return send(url, body, {
    'content-type': 'application/json',
    'x-gitea-delivery': randomUUID(),
    'x-gitea-event': event,
    'x-gitea-event-type': event,
    'x-gitea-signature': sign(secret, body),
    'x-hub-signature-256': `sha256=${sign(secret, body)}`,
    ...more,
  })
}

export async function send(url: string, body: string | Buffer, headers: Record<string, string>): Promise<Sent> {
  const response = await fetch(`${url}/automation/webhook`, { method: 'POST', headers, body })
  return { status: response.status, headers: response.headers, answer: Object(await response.json()) }
}
