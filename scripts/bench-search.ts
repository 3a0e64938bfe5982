// npm run bench:search [-- <files>]: what a code search costs, warm over 100,000 files, cold on a repository of 5 MB and
// after a push of ten files. Takes some ten minutes and 2 GB of disk; with GITEA_BIN and AEGIS_TEST_GITEA=real against a
// real Gitea, else against the sandbox. Linux, and the figures are only as quiet as the machine: CPU is given beside wall
// time, and docs/performance.md says how they are meant.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRedactor } from '../src/redact/secrets.js'
import { callTool } from '../test/support/mcp-call.js'
import { startGitea } from '../test/support/start-gitea.js'
import { startStack } from '../test/support/start-stack.js'
import { toMedian } from './bench/connection.js'
import { fillIndex } from './bench/search/fill-index.js'
import { createCodeMaker, type MadeFile } from './bench/search/make-code.js'
import { type BenchQuery, makeQueries } from './bench/search/make-queries.js'
import { type QueryCost, readTexts, runQueries } from './bench/search/run-queries.js'

const files = Number(process.argv[2] ?? 100_000)
const EACH = 25
/** Of the queries, asked through the whole server. */
const MOST_WHOLE = 60
const COLD_BYTES = 5_000_000
const ROUNDS = 3

const folder = mkdtempSync(join(tmpdir(), 'aegis-bench-'))
const indexPath = join(folder, 'search.db')
const makeFile = createCodeMaker('node_modules')
const gitea = await startGitea()
try {
  const large = { owner: 'alice', repo: 'large' }
  const commit = await addRepository(large.repo, [{ path: 'README.md', text: 'Filled by the benchmark.\n' }])
  const { textBytes, indexBytes, cpuMs } = fillIndex(indexPath, commit, makeFiles(0, files))
  console.log(
    `${files} files of ${toMb(textBytes)}: index ${toMb(indexBytes)} (${(indexBytes / textBytes).toFixed(2)} x the text), filled in ${(cpuMs / 1000).toFixed(0)} s of CPU (${((cpuMs * 1_000_000) / textBytes).toFixed(0)} ms a MB)`,
  )
  const queries = makeQueries(readTexts(indexPath, commit, 3000), EACH)
  const redact = createRedactor('mask')
  reportQueries(await runQueries(indexPath, commit, queries, (text) => redact(text).text))

  const stack = await startStack(gitea, {
    settings: {
      SEARCH_INDEX_PATH: indexPath,
      SEARCH_INDEX_MAX_MB: '4096',
      RATE_LIMIT_PER_MINUTE: '1000000',
      TOKEN_RATE_LIMIT_PER_MINUTE: '1000000',
    },
  })
  try {
    const { accessToken } = await stack.connect()
    const search = async (args: Record<string, unknown>) => {
      const startedAt = performance.now()
      const { isError, status, text } = await callTool(stack.url, accessToken, 'search_code', args)
      if (isError || status !== 200) throw new Error(`${JSON.stringify(args)}: ${status} ${text}`)
      return { wallMs: performance.now() - startedAt, text }
    }
    const asked = queries.slice(0, MOST_WHOLE)
    for (const query of asked) await search({ ...large, ...toArguments(query) })
    const whole: number[] = []
    for (const query of asked) whole.push((await search({ ...large, ...toArguments(query) })).wallMs)
    console.log(`${asked.length} of them through the whole server: wall ${toSpread(whole)}`)
    await measureCold(search)
  } finally {
    await stack.close()
  }
} finally {
  await gitea.close()
  rmSync(folder, { recursive: true, force: true })
}

async function measureCold(search: (args: Record<string, unknown>) => Promise<{ wallMs: number; text: string }>) {
  const cold: number[] = []
  const pushed: number[] = []
  const warm: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const repo = `cold${round}`
    const made: MadeFile[] = []
    for (let size = 0; size < COLD_BYTES; size += made.at(-1)?.text.length ?? 0) {
      made.push(makeFile(files + round * 10_000 + made.length))
    }
    await addRepository(repo, made)
    const query = { owner: 'alice', repo, query: 'return this' }
    const first = await search(query)
    if (!first.text.includes('matching file')) throw new Error(`not found: ${first.text.slice(0, 300)}`)
    cold.push(first.wallMs)
    const changed = made.slice(0, 10).map(({ path, text }, at) => [path, `${text}pushedAnew${at}\n`])
    await gitea.commit('alice', repo, { message: 'Ten files', files: Object.fromEntries(changed) })
    const second = await search({ ...query, query: 'pushedAnew' })
    if (!second.text.includes('10 matching files')) throw new Error(`not found: ${second.text.slice(0, 300)}`)
    pushed.push(second.wallMs)
    warm.push((await search({ ...query, query: 'pushedAnew' })).wallMs)
  }
  const show = (waits: readonly number[]) => `${toMedian([...waits]).toFixed(0)} ms (${waits.map(toWhole).join(', ')})`
  console.log(`through the whole server, median of ${ROUNDS} repositories of ${toMb(COLD_BYTES)}:`)
  console.log(`  first search ${show(cold)}, after a push of ten files ${show(pushed)}, again ${show(warm)}`)
}

async function addRepository(name: string, made: readonly MadeFile[]): Promise<string> {
  const contents = Object.fromEntries(made.map(({ path, text }) => [path, text]))
  await gitea.addRepository({ owner: 'alice', name, private: true })
  return gitea.commit('alice', name, { message: 'Begin', files: contents })
}

function* makeFiles(first: number, count: number): Generator<MadeFile> {
  for (let n = first; n < first + count; n += 1) yield makeFile(n)
}

function toArguments({ text, isRegex, isWord, isCaseSensitive }: BenchQuery) {
  return { query: text, regex: isRegex, word: isWord, case: isCaseSensitive }
}

function reportQueries(costs: readonly QueryCost[]): void {
  console.log(`${costs.length} warm queries`.padEnd(20), 'wall ms p50 / p95 / max', ' CPU ms p50 / p95 / max')
  const kinds = [...new Set(costs.map(({ query }) => query.kind))]
  for (const kind of [...kinds, 'all']) {
    const some = costs.filter(({ query }) => kind === 'all' || query.kind === kind)
    const wall = toSpread(some.map(({ wallMs }) => wallMs))
    console.log(kind.padEnd(20), wall.padStart(23), toSpread(some.map((cost) => cost.cpuMs)).padStart(23))
  }
  console.log('the five that took most CPU: candidates, reading, all in ms; candidates, read, matching files')
  for (const cost of costs.toSorted((a, b) => b.cpuMs - a.cpuMs).slice(0, 5)) {
    const { candidatesMs, readMs, wallMs, candidates, read, matching, query } = cost
    const phases = [candidatesMs, readMs, wallMs].map((ms) => ms.toFixed(1)).join(' / ')
    console.log(`  ${phases}; ${candidates} / ${read} / ${matching}; ${query.kind}: ${JSON.stringify(query.text)}`)
  }
}

function toSpread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number) => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(1)
  return `${at(0.5)} / ${at(0.95)} / ${at(1)}`
}

function toMb(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(0)} MB`
}

function toWhole(ms: number): string {
  return ms.toFixed(0)
}
