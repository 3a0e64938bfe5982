import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { z } from 'zod'
import { runChild } from '../run-child.js'

const SUITE = dirname(fileURLToPath(import.meta.resolve('@modelcontextprotocol/conformance/package.json')))
const MAX_MS = 180_000

const Check = z.object({ id: z.string(), status: z.string(), errorMessage: z.string().optional() })
type Check = z.infer<typeof Check>

const Requirements = z.object({
  server: z.array(z.string()),
  not_scored: z.array(z.object({ scenario: z.string(), leg: z.string() })),
})

export interface ScenarioOutcome {
  readonly scenario: string
  readonly passed: boolean
  readonly problems: readonly string[]
}

/** The server scenarios that a revision requires, and those it runs without counting, as the suite lists them. */
export function readRequirements(date: string): { required: string[]; unscored: string[] } {
  const text = readFileSync(join(SUITE, 'requirements', `${date}.yaml`), 'utf8')
  const { server, not_scored } = Requirements.parse(parse(text))
  return {
    required: server,
    unscored: not_scored.filter(({ leg }) => leg === 'server').map(({ scenario }) => scenario),
  }
}

/**
 * Runs the suite once and reads the outcome of every scenario from what it wrote. A scenario passes when at least one
 * of its checks succeeded and none failed. Ends by itself, or is ended.
 *
 * @param onLine told each line that the suite prints; when what it does about it fails, the suite is ended
 */
export async function runSuite(
  args: readonly string[],
  onLine?: (line: string) => Promise<void>,
): Promise<ScenarioOutcome[]> {
  const folder = mkdtempSync(join(tmpdir(), 'aegis-conformance-'))
  try {
    // its exit code says no more than its checks do
    await runChild({
      command: process.execPath,
      args: [join(SUITE, 'dist', 'index.js'), ...args, '-o', folder],
      timeoutMs: MAX_MS,
      ...(onLine === undefined ? {} : { onLine }),
    })
    return readdirSync(folder).map((name) => readOutcome(join(folder, name), toScenario(name)))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** `server-tools-list-2026-11-21T12-28-02-014Z` → `tools-list`. */
function toScenario(folder: string): string {
  return folder.replace(/^(?:authorization-server|server)-/, '').replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '')
}

function readOutcome(folder: string, scenario: string): ScenarioOutcome {
  const checks = z.array(Check).parse(JSON.parse(readFileSync(join(folder, 'checks.json'), 'utf8')))
  const of = (status: string) => checks.filter((check) => check.status === status)
  return {
    scenario,
    passed: of('SUCCESS').length > 0 && of('FAILURE').length === 0,
    problems: [...of('FAILURE'), ...of('WARNING')].map(describeCheck),
  }
}

function describeCheck({ id, status, errorMessage }: Check): string {
  return `${status} ${id}: ${errorMessage ?? 'no message'}`
}
