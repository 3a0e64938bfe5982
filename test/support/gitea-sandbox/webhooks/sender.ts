/** Delivers as Gitea does: one worker in order, five seconds, one try (services/webhook/deliver.go). */
import { createHmac, randomUUID } from 'node:crypto'
import type { Hook } from '../state-activity.js'

export interface HookSender {
  /** Puts a delivery into the queue. */
  send(hook: Hook, type: string, payload: Readonly<Record<string, unknown>>): void
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>
}

export interface SentDelivery {
  readonly id: string
  readonly hookId: number
  readonly type: string
  /** Undefined where there was no answer, or its host is not allowed. */
  readonly status: number | undefined
}

const TIMEOUT_MS = 5000

/** @param allowsLoopback `[webhook] ALLOWED_HOST_LIST`; the default is `external` */
export function createHookSender(allowsLoopback: boolean, deliveries: SentDelivery[]): HookSender {
  let tail: Promise<void> = Promise.resolve()
  return {
    send(hook, type, payload) {
      const { url, secret, authorization, contentType, id: hookId } = hook
      const id = randomUUID()
      const json = JSON.stringify(payload, null, 2)
      const deliver = async () => {
        const isBlocked = !allowsLoopback && /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname)
        const status = isBlocked
          ? undefined
          : await post(url, toHeaders({ hook, id, type, json, secret, authorization }), toBody(contentType, json))
        deliveries.push({ id, hookId, type, status })
      }
      tail = tail.then(deliver)
    },
    idle: () => tail,
  }
}

async function post(url: string, headers: Record<string, string>, body: string): Promise<number | undefined> {
  // a receiver that fails is only noted
  try {
    const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(TIMEOUT_MS) })
    await response.arrayBuffer()
    return response.status
  } catch {
    return undefined
  }
}

function toBody(contentType: string, json: string): string {
  return contentType === 'form' ? new URLSearchParams({ payload: json }).toString() : json
}

interface Signed {
  readonly hook: Hook
  readonly id: string
  readonly type: string
  readonly json: string
  readonly secret: string
  readonly authorization: string
}

function toHeaders({ hook, id, type, json, secret, authorization }: Signed): Record<string, string> {
  const sign = (algorithm: string) => (secret === '' ? '' : createHmac(algorithm, secret).update(json).digest('hex'))
  const event = toCoarse(type)
  const target = toTarget(hook)
  const own = { Delivery: id, Event: event, 'Event-Type': type }
  const named = (brand: string, values: Record<string, string>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [`X-${brand}-${name}`, value]))
  return {
    'User-Agent': 'Go-http-client/1.1',
    'Content-Type': hook.contentType === 'form' ? 'application/x-www-form-urlencoded' : 'application/json',
    ...(authorization === '' ? {} : { Authorization: authorization }),
    ...named('Gitea', { ...own, Signature: sign('sha256'), 'Hook-Installation-Target-Type': target }),
    ...named('Gogs', { ...own, Signature: sign('sha256') }),
    ...named('GitHub', { ...own, 'Hook-Installation-Target-Type': target }),
    'X-Hub-Signature': `sha1=${sign('sha1')}`,
    'X-Hub-Signature-256': `sha256=${sign('sha256')}`,
  }
}

function toCoarse(type: string): string {
  if (type === 'issue_comment' || type === 'pull_request_comment') return 'issue_comment'
  if (type === 'issues' || type.startsWith('issue_')) return 'issues'
  return type.startsWith('pull_request') ? 'pull_request' : type
}

function toTarget({ place }: Hook): string {
  if (typeof place === 'string') return place
  return 'repositoryId' in place ? 'repository' : 'organization'
}
