// npm run bench: what a guarded call costs, in ratios against direct calls on the same upstream in the same run.
// docs/performance.md explains the figures. Linux only: CPU and memory are read from /proc.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServerProcess } from '../test/support/server-process.js'
import { findFreePort } from '../test/support/start-aegis.js'
import { measureVerify } from './bench/audit-verify.js'
import { Connection, type LoadResult, runLoad, toMedian } from './bench/connection.js'
import { startInstantUpstream } from './bench/instant-upstream.js'
import { readCpuMs, readResidentMib } from './bench/process-facts.js'
import { toDirectRequest, toMcpRequest } from './bench/requests.js'
import { seedSession } from './bench/seed-session.js'

const ROUNDS = 7
const CALLS = 2000
const WARM_UP = 12_000
const MEMORY_CALLS = 100_000
const GITEA_TOKEN = 'bench-gitea-token'
const isGood = (answer: string) => answer.startsWith('HTTP/1.1 200') && answer.includes('Crash when saving')

const folder = mkdtempSync(join(tmpdir(), 'aegis-bench-'))
const upstream = await startInstantUpstream()
const port = await findFreePort()
const settings = {
  GITEA_URL: `http://127.0.0.1:${upstream.port}`,
  GITEA_OAUTH_CLIENT_ID: 'bench',
  GITEA_OAUTH_CLIENT_SECRET: 'bench',
  OAUTH_STATE_SECRET: 'benchmark-state-secret-of-32-characters',
  MCP_PORT: String(port),
  DATABASE_PATH: join(folder, 'aegis.db'),
  POLICY_FILE_PATH: join(folder, 'policy.yaml'),
  RATE_LIMIT_PER_MINUTE: '1000000',
  TOKEN_RATE_LIMIT_PER_MINUTE: '1000000',
  STARTUP_VALIDATE_GITEA: 'false',
}
writeFileSync(settings.POLICY_FILE_PATH, 'defaults:\n  read: allow\n  write: deny\n')
const token = await seedSession(settings, GITEA_TOKEN)

const starts: number[] = []
for (let i = 0; i < 3; i++) {
  const probe = await startServerProcess(settings, { cwd: folder })
  starts.push(probe.startMs)
  await probe.stop()
}
const server = await startServerProcess(settings, { cwd: folder, core: 0 })
const pool = Array.from({ length: 16 }, () => new Connection(port))
const directPool = [new Connection(upstream.port)]
const direct = toDirectRequest(GITEA_TOKEN)
const figures = new Map<string, LoadResult[]>()
try {
  for (const era of ['2026-07-28', '2025-11-25'] as const) {
    await runLoad(pool, toMcpRequest(port, token, era), {
      concurrency: 16,
      calls: WARM_UP,
      readCpuMs: () => 0,
      isGood,
    })
  }
  for (let round = 0; round < ROUNDS; round++) {
    add('direct', await runLoad(directPool, direct, { concurrency: 1, calls: CALLS, readCpuMs: () => 0, isGood }))
    for (const era of ['2026-07-28', '2025-11-25'] as const) {
      for (const concurrency of [1, 16]) {
        const options = { concurrency, calls: CALLS, readCpuMs: () => readCpuMs(server.pid), isGood }
        add(`${era} c=${concurrency}`, await runLoad(pool, toMcpRequest(port, token, era), options))
      }
    }
  }
  report()
  const before = readResidentMib(server.pid)
  const calls = { concurrency: 16, calls: MEMORY_CALLS, readCpuMs: () => 0, isGood }
  await runLoad(pool, toMcpRequest(port, token, '2026-07-28'), calls)
  const middle = readResidentMib(server.pid)
  await runLoad(pool, toMcpRequest(port, token, '2026-07-28'), { ...calls, calls: MEMORY_CALLS / 2 })
  console.log(
    `resident memory: ${before} MiB, after ${MEMORY_CALLS} calls ${middle}, after half as many again ${readResidentMib(server.pid)}`,
  )
  console.log(`start to ready: ${toMedian(starts).toFixed(0)} ms (median of ${starts.length})`)
} finally {
  for (const connection of [...pool, ...directPool]) {
    connection.close()
  }
  await server.stop()
  upstream.close()
}
console.log(measureVerify(settings.DATABASE_PATH))
rmSync(folder, { recursive: true })

function add(name: string, result: LoadResult): void {
  figures.set(name, [...(figures.get(name) ?? []), result])
}

function report(): void {
  const directP50 = toMedian((figures.get('direct') ?? []).map((result) => result.p50))
  console.log(`direct call, instant upstream: p50 ${directP50.toFixed(3)} ms`)
  for (const [name, results] of figures) {
    if (name === 'direct') {
      continue
    }
    const p50 = toMedian(results.map((result) => result.p50))
    const cpu = toMedian(results.map((result) => result.cpuMs))
    const perSecond = toMedian(results.map((result) => result.perSecond))
    console.log(
      `guarded ${name}: own CPU ${cpu.toFixed(3)} ms a call, p50 ${p50.toFixed(3)} ms (+${(p50 - directP50).toFixed(3)}), ${perSecond.toFixed(0)} calls/s on one core`,
    )
  }
}
