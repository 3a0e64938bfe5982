// npm run conformance: the official MCP conformance suite against the built server beside a sandbox Gitea. Every
// required scenario has to pass; there is no list of expected failures.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { agreeInBrowser } from '../test/support/agree-in-browser.js'
import { connectClient } from '../test/support/connect-client.js'
import { startGiteaSandbox } from '../test/support/gitea-sandbox/start.js'
import { seedPeople } from '../test/support/seed-gitea.js'
import { findFreePort, toSettings } from '../test/support/start-aegis.js'
import { startServerProcess } from './bench/server-process.js'
import { startAuthProxy } from './conformance/auth-proxy.js'
import { readRequirements, runSuite, type ScenarioOutcome } from './conformance/suite.js'

const DATES = ['2026-07-28', '2025-11-25']
const AUTHORIZATION = ['authorization-server-metadata-endpoint', 'authorization-code-grant']
const person = seedPeople.alice

const folder = mkdtempSync(join(tmpdir(), 'aegis-conformance-'))
const gitea = await startGiteaSandbox({ seed: true })
try {
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}`
  const application = await gitea.createOAuthApplication({
    name: 'Aegis',
    redirectUris: [`${url}/oauth/callback`],
    confidential: true,
    owner: seedPeople.admin.login,
  })
  const settings = toSettings({
    folder,
    gitea: { url: gitea.url, ...application },
    port,
    settings: { AEGIS_CONFORMANCE_FIXTURES: 'true', ENVIRONMENT: 'test' },
  })
  writeFileSync(join(folder, 'policy.yaml'), 'defaults:\n  read: allow\n  write: deny\n')
  const server = await startServerProcess(settings, { cwd: folder })
  try {
    const passes = [...(await runServerScenarios(url)), await runAuthorizationScenarios(url)]
    process.exitCode = passes.every(Boolean) ? 0 : 1
  } finally {
    await server.stop()
  }
} finally {
  await gitea.close()
  rmSync(folder, { recursive: true, force: true })
}

async function runServerScenarios(url: string): Promise<boolean[]> {
  const { accessToken } = await connectClient(url, { person, clientName: 'Conformance suite' })
  const proxy = await startAuthProxy(url, accessToken)
  try {
    const passes: boolean[] = []
    for (const date of DATES) {
      const { required, unscored } = readRequirements(date)
      const outcomes = await runSuite(['server', '--url', `${proxy.url}/mcp`, '--requirements', date])
      passes.push(report(date, required, outcomes))
      const others = unscored.filter((scenario) => outcomes.find((outcome) => outcome.scenario === scenario)?.passed)
      console.log(
        `${date}: ${others.length} of ${unscored.length} scenarios that do not count pass: ${others.join(', ')}`,
      )
    }
    return passes
  } finally {
    await proxy.close()
  }
}

/** The suite prints where a person has to go; alice goes there. */
async function runAuthorizationScenarios(url: string): Promise<boolean> {
  const port = String(await findFreePort())
  const clientId = await register(url, `http://127.0.0.1:${port}/callback`)
  const outcomes = await runSuite(
    ['authorization', '--url', url, '--client-id', clientId, '--resource', `${url}/mcp`, '-p', port],
    async (line) => {
      if (line.startsWith(`${url}/authorize?`)) {
        await fetch(await agreeInBrowser(line, person))
      }
    },
  )
  return report('authorization server', AUTHORIZATION, outcomes)
}

async function register(url: string, redirect: string): Promise<string> {
  const answer = await fetch(`${url}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'Conformance suite',
      redirect_uris: [redirect],
      token_endpoint_auth_method: 'none',
    }),
  })
  return z.object({ client_id: z.string() }).parse(await answer.json()).client_id
}

/** Prints the totals, and what went wrong where something did; says whether all passed. */
function report(title: string, required: readonly string[], outcomes: readonly ScenarioOutcome[]): boolean {
  const byName = new Map(outcomes.map((outcome) => [outcome.scenario, outcome]))
  const failed = required.filter((scenario) => !byName.get(scenario)?.passed)
  for (const scenario of required) {
    for (const problem of byName.get(scenario)?.problems ?? ['it did not run']) {
      console.log(`  ${scenario}: ${problem}`)
    }
  }
  console.log(`${title}: ${required.length - failed.length} scenarios passed, ${failed.length} failed`)
  return failed.length === 0
}
