import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStoreBeside } from '../../src/db/open.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'

/* P6: the worker is killed at any moment, again and again; nothing is lost and nothing is done twice. */

const KILLS = 200
const ISSUES_EACH = 16
const REPOSITORIES = [
  { owner: 'alice', repo: 'field-notes' },
  { owner: 'alice', repo: 'scratch' },
  { owner: 'harbor', repo: 'booking' },
]

let folder: string
let program: string
let gitea: GiteaSandbox
let token: string
let issues: { owner: string; repo: string; issue_number: number }[]

beforeAll(async () => {
  // below node_modules, so that the bundle finds better-sqlite3
  const cache = new URL('../../node_modules/.cache', import.meta.url).pathname
  mkdirSync(cache, { recursive: true })
  folder = mkdtempSync(join(cache, 'killed-worker-'))
  program = join(folder, 'child.mjs')
  await build({
    entryPoints: [new URL('killed-worker-child.ts', import.meta.url).pathname],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['better-sqlite3'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  })
  gitea = await startGiteaSandbox({ seed: true })
  token = await gitea.createToken('alice', ['read:user', 'write:issue', 'write:repository'])
  issues = []
  for (let at = 0; at < ISSUES_EACH; at += 1) {
    for (const place of REPOSITORIES) {
      issues.push({ ...place, issue_number: await openIssue(place, `Notes ${at}`) })
    }
  }
}, 60_000)

afterAll(async () => {
  await gitea.close()
  rmSync(folder, { recursive: true })
})

async function ask(path: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(`${gitea.url}/api/v1/repos/${path}`, {
    headers: { authorization: `token ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`)
  return answer.json()
}

async function openIssue({ owner, repo }: { owner: string; repo: string }, title: string): Promise<number> {
  const { number } = Object(await ask(`${owner}/${repo}/issues`, { title }))
  return number
}

function startWorker(until: 'forever' | 'done'): { child: ChildProcess; output(): string } {
  const child = spawn(
    process.execPath,
    [program, join(folder, 'data', 'aegis.db'), 'migrations', gitea.url, token, JSON.stringify(issues), until],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') } },
  )
  let said = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  return { child, output: () => said }
}

/** Kills the worker at a random moment of its work; now and then already while it starts. */
async function killOnce(random: () => number): Promise<string> {
  const { child, output } = startWorker('forever')
  const ended = once(child, 'close')
  const mark = random() < 0.9 ? 'working' : 'open'
  while (!output().includes(mark) && child.exitCode === null) {
    await delay(2)
  }
  await delay(random() * 80)
  child.kill('SIGKILL')
  await ended
  return output()
}

test(`every job is done and every comment is there once, after ${KILLS} kills at random moments`, async () => {
  // makes the tables, and leaves compiled code that shortens the starts to come
  await once(startWorker('done').child, 'close')
  let said = ''
  for (let at = 0; at < KILLS; at += 1) {
    said += await killOnce(Math.random)
  }
  const last = startWorker('done')
  await once(last.child, 'close')
  expect(last.output()).toContain('"ready":0,"running":0')

  const store = openStoreBeside(join(folder, 'data', 'aegis.db'), { readonly: true })
  const jobs = store.sqlite
    .prepare<[], { id: string; state: string; attempts: number }>('SELECT id, state, attempts FROM job')
    .all()
  store.close()
  const comments = (
    await Promise.all(issues.map(({ owner, repo, issue_number: at }) => ask(`${owner}/${repo}/issues/${at}/comments`)))
  ).flatMap((list) => Object.values(Object(list)).map((comment) => String(Object(comment).body)))

  expect(jobs.filter(({ state }) => state !== 'done')).toEqual([])
  expect(comments.sort()).toEqual(jobs.flatMap(({ id }) => [`note ${id} 1.`, `note ${id} 2.`]).sort())
  // it was hit where it hurts: while jobs ran, and between Gitea’s answer and our own commit
  expect(jobs.reduce((sum, { attempts }) => sum + attempts - 1, 0)).toBeGreaterThan(KILLS)
  expect(said.split('found').length - 1).toBeGreaterThan(0)
}, 180_000)
