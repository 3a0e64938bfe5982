import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { verifyStored } from '../../src/audit/export.js'
import { checkAudit, createWorkspace, MIGRATIONS, readRecords, recordCall, type Workspace } from './fixture.js'

const KILLS = 40

let buildDirectory: string
let childProgram: string
let workspace: Workspace
let keyFile: string

beforeAll(async () => {
  // below node_modules, so that the bundle finds better-sqlite3
  const cache = new URL('../../node_modules/.cache', import.meta.url).pathname
  mkdirSync(cache, { recursive: true })
  buildDirectory = mkdtempSync(join(cache, 'audit-crash-'))
  childProgram = join(buildDirectory, 'child.mjs')
  await build({
    entryPoints: [new URL('crash-child.ts', import.meta.url).pathname],
    outfile: childProgram,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['better-sqlite3'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  })
})

afterAll(() => {
  rmSync(buildDirectory, { recursive: true })
})

beforeEach(() => {
  workspace = createWorkspace()
  keyFile = join(workspace.directory, 'key.pem')
  writeFileSync(keyFile, workspace.privateKey.export({ type: 'pkcs8', format: 'pem' }))
})

afterEach(() => {
  workspace.remove()
})

function toArguments(mode: string, run: string): string[] {
  return [childProgram, mode, workspace.path, keyFile, run, MIGRATIONS]
}

/** The entries that the child said were recorded, as `seq hash`; a line that the kill cut in two does not count. */
function readAcknowledged(output: string): string[] {
  return [...output.matchAll(/^recorded (\d+ [0-9a-f]{64})\n/gm)].map(([, entry]) => entry ?? '')
}

function readStoredEntries(): Set<string> {
  const rows = workspace.store.sqlite.prepare("SELECT seq || ' ' || entry_hash FROM audit_entry").pluck().all()
  return new Set(rows as string[])
}

async function collectOutput(child: ChildProcess): Promise<string> {
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  await once(child, 'close')
  return output
}

test(`after kill -9 at ${KILLS} random moments the chain holds and nothing acknowledged is missing`, async () => {
  const acknowledged: string[] = []
  for (let run = 0; run < KILLS; run++) {
    workspace.closeStore()
    const child = spawn(process.execPath, toArguments('run', `run${run}`), { stdio: ['ignore', 'pipe', 'inherit'] })
    const output = collectOutput(child)
    await delay(40 + Math.random() * 260)
    child.kill('SIGKILL')
    const said = await output
    acknowledged.push(...readAcknowledged(said))
    expect(said).not.toContain('failed')

    const store = workspace.reopenStore()
    const log = workspace.open({}, store)
    const stored = readStoredEntries()
    expect(acknowledged.filter((entry) => !stored.has(entry))).toEqual([])
    const found = verifyStored(store.sqlite, { publicKeys: [workspace.signer.publicKey] })
    expect(found).toMatchObject({ verdict: 'intact', openCalls: 0 })
    expect(log.health()).toEqual({ ok: true })
    if (run % 2 === 0) {
      await log.close()
    }
  }

  const interrupted = readRecords(workspace.store).filter(({ status }) => status === 'interrupted').length
  expect(acknowledged.length).toBeGreaterThan(KILLS)
  expect(interrupted).toBeGreaterThan(0)
  checkAudit(workspace.store, workspace.signer)
}, 180_000)

test('when the file cannot grow, calls are refused and all that was acknowledged is there after the restart', async () => {
  workspace.closeStore()

  // the limit makes the kernel refuse the write (EFBIG), as a full disk or a quota does
  const limited = spawnSync(
    'sh',
    ['-c', 'ulimit -f 400; exec "$0" "$@"', process.execPath, ...toArguments('until-refused', 'x')],
    {
      encoding: 'utf8',
    },
  )

  expect(limited.stdout).toContain('refused unavailable\nhealth false\n')
  const acknowledged = readAcknowledged(limited.stdout)
  expect(acknowledged.length).toBeGreaterThan(10)
  const store = workspace.reopenStore()
  const log = workspace.open({}, store)
  await recordCall(log, 'after')
  await log.close()
  const stored = readStoredEntries()
  expect(acknowledged.filter((entry) => !stored.has(entry))).toEqual([])
  expect(checkAudit(store, workspace.signer).openCalls).toBe(0)
})

test('a second process on the same file is refused in plain words, and the first goes on', async () => {
  const log = workspace.open()
  await recordCall(log, 'c-1')

  const second = spawnSync(process.execPath, toArguments('run', 'second'), { encoding: 'utf8' })

  expect(second.status).toBe(1)
  expect(second.stdout).toContain('failed Another AegisGitea MCP process is using the database')
  await recordCall(log, 'c-2')
  await log.close()
  expect(checkAudit(workspace.store, workspace.signer).entries).toBe(4)
})
