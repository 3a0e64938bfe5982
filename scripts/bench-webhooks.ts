// npm run bench:webhooks: how long deliveries of Gitea wait for their answer, at 200 a second for 20 s with a body of 5 MB
// every second; and in the same run what of that is the machine: GET /health/live at the same rate, and a durable write of
// 16 KB to the same disk, of which a delivery needs one. Linux only.
import { createHmac, randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { runAegisProcess, startServerProcess } from '../test/support/server-process.js'
import { findFreePort } from '../test/support/start-aegis.js'
import { Connection } from './bench/connection.js'
import { readCpuMs, readResidentMib } from './bench/process-facts.js'

const PER_SECOND = 200
const SECONDS = 20
const LARGE_EVERY = PER_SECOND
const SECRET = 'benchmark-webhook-secret'
/** About a push of Gitea that changes tens of thousands of files. */
const LARGE_FILES = 90_000

const folder = mkdtempSync(join(tmpdir(), 'aegis-bench-'))
/** Says whose token it is; nothing else is asked. */
const gitea = createServer((_req, res) =>
  res.setHeader('content-type', 'application/json').end('{"id":9,"login":"aegis"}'),
)
await new Promise<void>((resolve) => gitea.listen(0, '127.0.0.1', resolve))
const { port: giteaPort } = gitea.address() as AddressInfo
const port = await findFreePort()
const settings = {
  GITEA_URL: `http://127.0.0.1:${giteaPort}`,
  GITEA_OAUTH_CLIENT_ID: 'bench',
  GITEA_OAUTH_CLIENT_SECRET: 'bench',
  OAUTH_STATE_SECRET: 'benchmark-state-secret-of-32-characters',
  MCP_PORT: String(port),
  DATABASE_PATH: join(folder, 'aegis.db'),
  POLICY_FILE_PATH: join(folder, 'policy.yaml'),
  RATE_LIMIT_PER_MINUTE: '1000000',
  STARTUP_VALIDATE_GITEA: 'false',
  AUTOMATION_ENABLED: 'true',
  AUTOMATION_TOKEN: 'bench',
  AUTOMATION_WEBHOOK_SECRETS: SECRET,
}
writeFileSync(
  settings.POLICY_FILE_PATH,
  'defaults: {read: allow, write: deny}\ntools: {allow: [automation_stale_issue_detection, automation_label_sync]}\n',
)

const repository = {
  id: 1,
  name: 'widgets',
  private: true,
  default_branch: 'main',
  owner: { login: 'octo' },
  description: 'x'.repeat(4000),
}

function toRequest(event: string, payload: unknown): Buffer {
  const body = JSON.stringify(payload, null, 2)
  const signature = createHmac('sha256', SECRET).update(body).digest('hex')
  const head = [
    'POST /automation/webhook HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Gitea-Delivery: ${randomUUID()}`,
    `X-Gitea-Event: ${event}`,
    `X-Gitea-Event-Type: ${event}`,
    `X-Gitea-Signature: ${signature}`,
    `X-Hub-Signature-256: sha256=${signature}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}

const files = Array.from({ length: LARGE_FILES }, (_, n) => `src/parts/of/a/large/repository/${n}.ts`)

function toDelivery(n: number): Buffer {
  const sender = { login: 'alice' }
  if (n % LARGE_EVERY === LARGE_EVERY >> 1) {
    const commits = [{ id: 'a'.repeat(40), message: 'Everything', added: files, removed: [], modified: [] }]
    const after = n.toString(16).padStart(40, '0')
    return toRequest('push', {
      ref: 'refs/heads/main',
      before: 'b'.repeat(40),
      after,
      commits,
      total_commits: 1,
      repository,
      sender,
    })
  }
  return toRequest('issues', { action: 'edited', number: n + 1, issue: { number: n + 1 }, repository, sender })
}

/** Open loop: the next request leaves at its time, whether or not the one before was answered. */
async function runAtRate(requests: readonly Buffer[], isGood: (answer: string) => boolean): Promise<number[]> {
  const idle: Connection[] = []
  const all: Connection[] = []
  const waits: number[] = []
  const startedAt = performance.now()
  await Promise.all(
    requests.map(async (request, n) => {
      const dueAt = startedAt + (n * 1000) / PER_SECOND
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueAt - performance.now())))
      const connection = idle.pop() ?? new Connection(port)
      if (!all.includes(connection)) all.push(connection)
      const sentAt = performance.now()
      const answer = await connection.send(request)
      waits[n] = performance.now() - sentAt
      if (!isGood(answer)) throw new Error(`unexpected answer: ${answer.slice(0, 500)}`)
      idle.push(connection)
    }),
  )
  for (const connection of all) connection.close()
  return waits
}

/** Milliseconds of each of 500 durable writes, one every 5 ms. */
async function writeDurably(): Promise<number[]> {
  const file = openSync(join(folder, 'yardstick'), 'w')
  const waits: number[] = []
  for (let n = 0; n < 500; n++) {
    const startedAt = performance.now()
    writeSync(file, Buffer.alloc(16_384))
    fsyncSync(file)
    waits.push(performance.now() - startedAt)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  closeSync(file)
  return waits
}

function describe(name: string, waits: readonly number[]): void {
  const sorted = [...waits].sort((a, b) => a - b)
  const at = (part: number) => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(1)
  console.log(
    `${name.padEnd(26)} p50 ${at(0.5).padStart(6)} ms   p99 ${at(0.99).padStart(6)} ms   most ${at(1).padStart(6)} ms`,
  )
}

const server = await startServerProcess(settings, { cwd: folder })
try {
  // what is measured is the door, not the jobs behind it
  await runAegisProcess(['panic', 'on', '--stop', '--by', 'bench'], { settings, cwd: folder })
  const live = Buffer.from(`GET /health/live HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
  const isAnswered = (answer: string) => answer.startsWith('HTTP/1.1 200')
  const isKept = (answer: string) => answer.startsWith('HTTP/1.1 202') && answer.includes('"queued"')
  const warmUp = Array.from({ length: 5 * PER_SECOND }, (_, n) => toDelivery(1_000_000 + n))
  await runAtRate(warmUp, isKept)
  describe('a durable write', await writeDurably())
  describe(
    'GET /health/live',
    await runAtRate(
      Array.from({ length: 5 * PER_SECOND }, () => live),
      isAnswered,
    ),
  )

  const requests = Array.from({ length: SECONDS * PER_SECOND }, (_, n) => toDelivery(n))
  const large = requests.map((request) => request.length > 1_000_000)
  const before = { cpu: readCpuMs(server.pid), mib: readResidentMib(server.pid) }
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const waits = await runAtRate(requests, isKept)
  delay.disable()
  const cpu = readCpuMs(server.pid) - before.cpu
  describe(`${requests.length} deliveries`, waits)
  const [p50 = '', p99 = '', most = ''] = [50, 99, 100].map((at) => (delay.percentile(at) / 1e6).toFixed(1))
  console.log(`this measuring process was itself late by p50 ${p50} ms, p99 ${p99} ms, most ${most} ms`)
  const quarter = requests.length / 4
  for (let n = 0; n < 4; n++)
    describe(`  seconds ${5 * n} to ${5 * n + 5}`, waits.slice(n * quarter, (n + 1) * quarter))
  describe(
    'of them small',
    waits.filter((_, n) => large[n] === false),
  )
  describe(
    `of them ${(Math.max(...requests.map(({ length }) => length)) / 1e6).toFixed(1)} MB`,
    waits.filter((_, n) => large[n] === true),
  )
  console.log(
    `${(cpu / requests.length).toFixed(2)} ms of CPU a delivery, ${before.mib} MiB before and ${readResidentMib(server.pid)} MiB after`,
  )
} finally {
  await server.stop()
  gitea.close()
  rmSync(folder, { recursive: true, force: true })
}
