import { openIndexFile } from '../../../src/search/index-file.js'
import { createMatcher } from '../../../src/search/matcher.js'
import { scan } from '../../../src/search/scan.js'
import { toMs } from './fill-index.js'
import type { BenchQuery } from './make-queries.js'

export interface QueryCost {
  readonly query: BenchQuery
  readonly wallMs: number
  readonly cpuMs: number
  /** Of the wall time: asking the index for candidates, and reading their texts; the rest is matching and showing. */
  readonly candidatesMs: number
  readonly readMs: number
  readonly candidates: number
  readonly read: number
  readonly matching: number
}

/** Some texts of a commit, to make queries of. */
export function readTexts(path: string, commit: string, most: number): string[] {
  const index = openIndexFile(path)
  const { rows } = index.findSnapshot(commit) ?? { rows: [] }
  const step = Math.max(1, Math.floor(rows.length / most))
  const texts = Array.from(rows)
    .filter((_, at) => at % step === 0)
    .flatMap((row) => index.readText(row) ?? [])
  index.close()
  return texts
}

/** Searches a filled commit as the service does, with a look at the phases; one page of 30 files each. */
export async function runQueries(
  path: string,
  commit: string,
  queries: readonly BenchQuery[],
  maskSecrets: (text: string) => string,
): Promise<QueryCost[]> {
  const index = openIndexFile(path)
  const snapshot = index.findSnapshot(commit)
  if (snapshot === undefined) throw new Error('the index was not filled')
  let spent = { candidatesMs: 0, readMs: 0, candidates: 0, read: 0 }
  const watched: typeof index = {
    ...index,
    matchRows: (...args) => {
      const startedAt = performance.now()
      const rows = index.matchRows(...args)
      spent.candidatesMs += performance.now() - startedAt
      spent.candidates += rows.length
      return rows
    },
    readText: (row) => {
      const startedAt = performance.now()
      const text = index.readText(row)
      spent.readMs += performance.now() - startedAt
      spent.read += 1
      return text
    },
  }
  const run = async (query: BenchQuery): Promise<QueryCost> => {
    spent = { candidatesMs: 0, readMs: 0, candidates: 0, read: 0 }
    const before = process.cpuUsage()
    const startedAt = performance.now()
    const { matchingFiles } = await scan(snapshot, (work) => work(watched), {
      matcher: createMatcher(query),
      filters: [],
      hasAside: false,
      mayReadPath: () => true,
      maskSecrets,
      skip: 0,
      take: 30,
      matchesAFile: 20,
      contextLines: 0,
      budgetMs: 3000,
      signal: new AbortController().signal,
    })
    const wallMs = performance.now() - startedAt
    return { query, wallMs, cpuMs: toMs(process.cpuUsage(before)), ...spent, matching: matchingFiles }
  }
  for (const query of queries) await run(query)
  const costs: QueryCost[] = []
  for (const query of queries) costs.push(await run(query))
  index.close()
  return costs
}
