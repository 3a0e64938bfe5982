// npm run conformance: the official MCP conformance suite against the built server beside a sandbox Gitea. Every
// required scenario has to pass; there is no list of expected failures.
import { z } from 'zod'
import { agreeInBrowser } from '../test/support/agree-in-browser.js'
import { connectClient } from '../test/support/connect-client.js'
import { seedPeople } from '../test/support/seed-gitea.js'
import { startServerBesideSandbox } from '../test/support/server-beside-sandbox.js'
import { findFreePort } from '../test/support/start-aegis.js'
import { startAuthProxy } from './conformance/auth-proxy.js'
import { readRequirements, runSuite, type ScenarioOutcome } from './conformance/suite.js'

const DATES = ['2026-07-28', '2025-11-25']
const AUTHORIZATION = ['authorization-server-metadata-endpoint', 'authorization-code-grant']
const person = seedPeople.alice

const server = await startServerBesideSandbox({ AEGIS_CONFORMANCE_FIXTURES: 'true', ENVIRONMENT: 'test' })
try {
  const passes = [...(await runServerScenarios(server.url)), await runAuthorizationScenarios(server.url)]
  process.exitCode = passes.every(Boolean) ? 0 : 1
} finally {
  await server.close()
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
