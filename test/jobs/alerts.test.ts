import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { AuditEvent } from '../../src/audit/record.js'
import { createAlerts } from '../../src/jobs/alerts.js'
import type { Alert } from '../../src/jobs/define-job.js'
import { Unavailable } from '../../src/lib/errors.js'
import { createLogger } from '../../src/lib/logger.js'
import { Secret } from '../../src/lib/secret.js'
import { type AlertReceiver, startAlertReceiver } from '../support/alert-receiver.js'

const alert: Alert = {
  event: 'secret_exposed',
  key: 'one',
  repository: 'harbor/booking',
  visibility: 'public',
  rule: 'github-token',
  path: 'a.env',
  line: 3,
  commit: 'a'.repeat(40),
  url: 'https://gitea.example/harbor/booking/commit/aaaa',
  isSent: true,
}

let receiver: AlertReceiver
let lines: string[]
let recorded: AuditEvent[]
let counted: string[]

beforeAll(async () => {
  receiver = await startAlertReceiver()
})

beforeEach(() => {
  receiver.received.length = 0
  lines = []
  recorded = []
  counted = []
})

afterAll(() => receiver.close())

function raise(
  told = alert,
  more: { readonly url?: string; readonly signal?: AbortSignal; readonly audit?: Error } = {},
) {
  const alerts = createAlerts({
    audit: {
      record: async (event) => {
        if (more.audit !== undefined) throw more.audit
        recorded.push(event)
        return { seq: 1, hash: '' }
      },
    },
    log: createLogger('DEBUG', { write: (line) => void lines.push(line) }),
    target: { url: new Secret(more.url ?? receiver.url), secret: new Secret('signs-what-is-sent') },
    metrics: { countAlert: (visibility) => counted.push(visibility) },
    waits: [1, 1],
  })
  return alerts.raise(told, { job: 'watch', run: '7', signal: more.signal ?? new AbortController().signal })
}

test('a receiver that fails is tried three times, each time with the same delivery id', async () => {
  receiver.answers.push(503, 500)
  await raise()

  expect(receiver.received).toHaveLength(3)
  expect(new Set(receiver.received.map(({ headers }) => headers['x-aegis-delivery'])).size).toBe(1)
  expect(lines.join('')).not.toContain('alert_not_delivered')
})

test('what cannot be delivered is logged without the address and stands in the audit log all the same', async () => {
  receiver.answers.push(500, 500, 500)
  await raise()
  await raise({ ...alert, key: 'two' }, { url: 'http://127.0.0.1:1/hook?key=of-the-receiver' })

  expect(receiver.received).toHaveLength(3)
  expect(lines.filter((line) => line.includes('alert_not_delivered'))).toHaveLength(2)
  expect(lines.join('')).not.toContain('of-the-receiver')
  expect(lines.join('')).not.toContain('signs-what-is-sent')
  expect(recorded).toHaveLength(2)
  expect(counted).toEqual(['public', 'public'])
})

test('what is not to be sent is only recorded, logged and counted', async () => {
  await raise({ ...alert, isSent: false, visibility: 'private' })

  expect(receiver.received).toEqual([])
  expect(counted).toEqual(['private'])
  expect(recorded).toMatchObject([{ type: 'security_event', reason: 'secret_exposed', via: 'job' }])
})

test('without the audit log nothing is told, so that the job tries again', async () => {
  await expect(raise(alert, { audit: new Unavailable('full') })).rejects.toThrow('full')

  expect(receiver.received).toEqual([])
  expect(counted).toEqual([])
})

test('a job that is stopped does not go on sending', async () => {
  const stop = AbortSignal.abort(new Error('stopped'))

  await expect(raise(alert, { signal: stop })).rejects.toThrow()
  expect(receiver.received).toEqual([])
})
