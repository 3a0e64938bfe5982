import { expect, test } from 'vitest'
import { Secret } from '../../src/lib/secret.js'
import { beginSigning, findSigner, parseSignatures } from '../../src/webhooks/signature.js'
import { readAudit } from '../support/read-audit.js'
import { deliver, listRecorded, send, sign } from './deliver.js'
import { issue, OLDER, prepareWebhooks, SECRET } from './start-webhooks.js'

const start = prepareWebhooks()

test('either header alone proves a delivery, and one that contradicts the other refuses it', async () => {
  const { url, rows } = await start()
  const right = (payload: unknown) => sign(SECRET, JSON.stringify(payload, null, 2))
  const ask = async (number: number, headers: (signature: string) => Record<string, string>) => {
    const body = JSON.stringify(issue(number), null, 2)
    const given = {
      'content-type': 'application/json',
      'x-gitea-event-type': 'issues',
      ...headers(right(issue(number))),
    }
    return (await send(url, body, given)).status
  }

  expect(await ask(1, (signature) => ({ 'x-gitea-signature': signature }))).toBe(202)
  expect(await ask(2, (signature) => ({ 'x-hub-signature-256': `sha256=${signature}` }))).toBe(202)
  expect(
    await ask(3, (signature) => ({
      'x-gitea-signature': signature,
      'x-hub-signature-256': `sha256=${'0'.repeat(64)}`,
    })),
  ).toBe(401)
  expect(await ask(4, (signature) => ({ 'x-gitea-signature': signature, 'x-hub-signature-256': 'sha256=' }))).toBe(401)
  expect(await ask(5, (signature) => ({ 'x-gitea-signature': '', 'x-hub-signature-256': `sha256=${signature}` }))).toBe(
    401,
  )
  expect(await ask(6, (signature) => ({ 'x-gitea-signature': signature.slice(1) }))).toBe(401)
  expect(await ask(7, () => ({}))).toBe(401)
  expect(rows()).toHaveLength(2)
})

test('no bit of the body or of the signature can be another', async () => {
  const { url, rows } = await start({ RATE_LIMIT_PER_MINUTE: '100000', MAX_AUTH_FAILURES: '1000' })
  const body = Buffer.from(JSON.stringify(issue(1)))
  const signature = Buffer.from(sign(SECRET, body), 'hex')
  const flip = (bytes: Buffer, bit: number) => {
    const changed = Buffer.from(bytes)
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    return changed
  }
  const ask = async (sentBody: Buffer, given: Buffer) =>
    (
      await send(url, sentBody, {
        'content-type': 'application/json',
        'x-gitea-event-type': 'issues',
        'x-gitea-signature': given.toString('hex'),
      })
    ).status

  for (let bit = 0; bit < 256; bit += 5) expect(await ask(body, flip(signature, bit))).toBe(401)
  for (let bit = 0; bit < body.length * 8; bit += 31) expect(await ask(flip(body, bit), signature)).toBe(401)
  expect(await ask(body.subarray(0, -1), signature)).toBe(401)
  expect(rows()).toEqual([])
  expect(await ask(body, signature)).toBe(202)
})

test('while a secret is changed both sign, and the log and the metrics tell which did', async () => {
  const { stack, url } = await start()

  expect((await deliver(url, OLDER, 'issues', issue(1))).status).toBe(202)
  expect((await deliver(url, SECRET, 'issues', issue(2))).status).toBe(202)
  expect((await deliver(url, 'neither-of-the-two', 'issues', issue(3))).status).toBe(401)

  const received = stack.aegis.logLines
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === 'webhook_received')
  expect(received.map((line) => line.signed_with)).toEqual(['older', 'current'])
  const metrics = await (await fetch(`${url}/metrics`)).text()
  expect(metrics).toContain('aegis_webhook_signatures_total{secret="older"} 1')
  expect(metrics).toContain('aegis_webhook_deliveries_total{event="issues",outcome="queued"} 2')
  expect(metrics).toContain('aegis_webhook_deliveries_total{event="other",outcome="refused"} 1')
})

test('a webhook that sends forms signs the JSON in them', async () => {
  const { url, rows } = await start()
  const json = JSON.stringify(issue(1, { note: 'a+b & c=ü %41' }), null, 2)
  const headers = (signature: string) => ({
    'content-type': 'application/x-www-form-urlencoded',
    'x-gitea-event-type': 'issues',
    'x-gitea-signature': signature,
  })
  const form = new URLSearchParams({ payload: json }).toString()

  expect((await send(url, form, headers(sign(SECRET, form)))).status).toBe(401)
  expect(await send(url, `x=1&${form}&y=2`, headers(sign(SECRET, json)))).toMatchObject({
    status: 202,
    answer: { jobs: 1 },
  })
  expect(rows()).toMatchObject([{ repository: 'harbor/booking' }])
  expect((await send(url, 'other=1', headers(sign(SECRET, '')))).status).toBe(400)
})

test('signed deliveries are never too many; refused ones are, and lock out only their like', async () => {
  const { stack, url } = await start({ RATE_LIMIT_PER_MINUTE: '60', MAX_AUTH_FAILURES: '3' })
  const statuses = await Promise.all(
    Array.from({ length: 150 }, async (_, at) => (await deliver(url, SECRET, 'issues', issue(at + 1))).status),
  )
  expect(new Set(statuses)).toEqual(new Set([202]))

  const wrong = () => deliver(url, 'a-wrong-secret-here', 'issues', issue(1))
  const refused = [await wrong(), await wrong(), await wrong(), await wrong()]

  expect(refused.map(({ status }) => status)).toEqual([401, 401, 401, 429])
  expect(refused[0]?.answer.error_description).toContain('Compare the secret of the webhook in Gitea')
  expect(Number(refused[3]?.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await deliver(url, SECRET, 'issues', issue(999))).status).toBe(202)
  expect((await fetch(`${url}/mcp`, { method: 'POST' })).status).toBe(401)
  const events = (await readAudit(stack.aegis)).filter(({ type }) => type === 'security_event')
  expect(events.map(({ reason }) => reason).filter((reason) => /webhook|auth_rate/.test(String(reason)))).toEqual([
    'webhook_refused',
    'auth_rate_limit_exceeded',
  ])
})

test('with automation off, or without a secret, every delivery is told so', async () => {
  const off = await start({ AUTOMATION_ENABLED: 'false' })
  const open = await start({ AUTOMATION_WEBHOOK_SECRETS: '' })

  expect(await deliver(off.url, SECRET, 'issues', issue(1))).toMatchObject({
    status: 503,
    answer: { error_description: expect.stringContaining('AUTOMATION_ENABLED=true') },
  })
  expect(await deliver(open.url, '', 'issues', issue(1))).toMatchObject({
    status: 503,
    answer: { error_description: expect.stringContaining('AUTOMATION_WEBHOOK_SECRETS') },
  })
  expect((await fetch(`${off.url}/automation/webhook`)).status).toBe(405)
})

test('what a running Gitea signed is found to be signed, by the right one of several secrets', () => {
  for (const { headers, body, name, secret } of listRecorded()) {
    const given = parseSignatures(
      Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value])),
    )
    const signing = beginSigning([new Secret('another'), new Secret(secret)])
    signing.push(Buffer.from(body))
    expect([name, typeof given === 'string' ? given : findSigner(given, signing.end())]).toEqual([name, 1])
  }
})
