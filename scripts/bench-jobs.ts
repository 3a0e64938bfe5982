// npm run bench:jobs [-- <jobs>]: how fast the queue drains where jobs need nothing of Gitea, 50,000 jobs of 1,000
// repositories and then 5,000 of a single one; how much memory that takes; and in the same run what of it is the disk: a
// job needs two durable writes. Linux only.
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { defineJob } from '../src/jobs/define-job.js'
import type { JobQueue } from '../src/jobs/queue.js'
import { findFreePort, startAegis } from '../test/support/start-aegis.js'
import { readResidentMib } from './bench/process-facts.js'

const JOBS = Number(process.argv[2] ?? 50_000)
const REPOSITORIES = 1000
const OF_ONE = 5000
const SYNCS = 200

const job = defineJob({
  name: 'count_up',
  title: 'Count up',
  description: 'For the benchmark.',
  tools: [],
  deadlineMs: 10_000,
  maxAttempts: 3,
  events: [],
  parameters: z.strictObject({ by: z.int().default(1).describe('How much') }),
  dedupe: () => undefined,
  run: async ({ parameters }) => ({ summary: `Counted up by ${parameters.by}.` }),
})

const folder = mkdtempSync(join(tmpdir(), 'aegis-bench-'))
/** Says whose token it is; nothing else is asked. */
const gitea = createServer((_req, res) =>
  res.setHeader('content-type', 'application/json').end('{"id":9,"login":"aegis"}'),
)
await new Promise<void>((resolve) => gitea.listen(0, '127.0.0.1', resolve))
const { port: giteaPort } = gitea.address() as AddressInfo
const aegis = await startAegis({
  folder,
  gitea: { url: `http://127.0.0.1:${giteaPort}`, clientId: 'bench', clientSecret: 'bench' },
  port: await findFreePort(),
  policy: 'tools: {allow: [automation_count_up]}\n',
  jobs: [job],
  settings: {
    AUTOMATION_ENABLED: 'true',
    AUTOMATION_TOKEN: 'bench',
    AUTOMATION_JOBS_PER_HOUR: '100000',
  },
})
try {
  const { automation, store } = aegis.app
  if (automation === undefined) {
    throw new Error('automation is off')
  }
  const syncMs = measureSync()
  console.log(`one durable write of 4 KB to this disk: ${syncMs.toFixed(2)} ms`)
  await drain(JOBS, REPOSITORIES)
  await drain(Math.min(JOBS, OF_ONE), 1)

  async function drain(jobs: number, repositories: number): Promise<void> {
    if (automation === undefined) return
    // nothing begins while this turn lasts
    store.transaction(() => enqueue(automation.queue, jobs, repositories))
    const before = automation.queue.counts()
    const memory: number[] = []
    const look = setInterval(() => {
      // what the tests keep of the log is not the product’s
      aegis.logLines.length = 0
      memory.push(readResidentMib(process.pid))
    }, 500)
    const startedAt = performance.now()
    const cpu = process.cpuUsage()
    await automation.runner.idle()
    const seconds = (performance.now() - startedAt) / 1000
    const { user, system } = process.cpuUsage(cpu)
    clearInterval(look)
    const done = automation.queue.counts().done - before.done
    const middle = Math.floor(memory.length / 2)
    console.log(
      [
        `${done} jobs of ${repositories === 1 ? 'one repository' : `${repositories} repositories`}: ${(done / seconds).toFixed(0)} a second`,
        `${seconds.toFixed(1)} s, ${((user + system) / 1000 / done).toFixed(2)} ms of CPU each`,
        `memory ${toMib(memory.slice(0, middle))} MiB in the first half, ${toMib(memory.slice(middle))} MiB in the second`,
      ].join('; '),
    )
    if (done !== jobs) {
      throw new Error(`${jobs - done} jobs are not done`)
    }
  }
} finally {
  await aegis.close()
  gitea.close()
  rmSync(folder, { recursive: true, force: true })
}

function enqueue(queue: JobQueue, jobs: number, repositories: number): void {
  for (let at = 0; at < jobs; at += 1) {
    queue.enqueue({
      kind: 'count_up',
      repository: `bench/repository-${at % repositories}`,
      facts: { event: 'push', ref: 'refs/heads/main', number: at },
      trigger: 'webhook',
      triggeredBy: `delivery-${at}`,
    })
  }
}

/** The highest of them. */
function toMib(memory: readonly number[]): string {
  return memory.length === 0 ? '–' : Math.max(...memory).toFixed(0)
}

/** Milliseconds. */
function measureSync(): number {
  const file = openSync(join(folder, 'sync'), 'w')
  const page = Buffer.alloc(4096, 1)
  const startedAt = performance.now()
  for (let at = 0; at < SYNCS; at += 1) {
    writeSync(file, page)
    fsyncSync(file)
  }
  closeSync(file)
  return (performance.now() - startedAt) / SYNCS
}
