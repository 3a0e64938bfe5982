// npm run clients: clients that nobody here wrote sign in at the built server, or come with
// an API key, and make one call. The large ones are
// installed from npm and PyPI into a temporary folder; where that cannot be done they do not run, and it is said.
import { randomBytes } from 'node:crypto'
import { toErrorText } from '../src/lib/errors.js'
import { startServerBesideSandbox } from '../test/support/server-beside-sandbox.js'
import { type Client, DidNotRun, person, type Visit } from './clients/client.js'
import { curl } from './clients/curl.js'
import { inspector } from './clients/inspector.js'
import { mcpRemote } from './clients/mcp-remote.js'
import { python } from './clients/python.js'
import { sdk } from './clients/sdk.js'

const apiKey = randomBytes(32).toString('hex')
const server = await startServerBesideSandbox({ MCP_API_KEYS: `${person.login}:${apiKey}` })
try {
  const visit = { mcpUrl: `${server.url}/mcp`, folder: server.folder, apiKey }
  for (const client of [...sdk, ...mcpRemote, inspector, ...python, curl]) {
    console.log(`${client.name}: ${await tryClient(client, visit)}`)
  }
} finally {
  await server.close()
}

async function tryClient(client: Client, visit: Visit): Promise<string> {
  try {
    return `completed (${await client.signInAndCall(visit)})`
  } catch (error) {
    // one client that fails must not keep the others from being tried
    if (error instanceof DidNotRun) {
      return `did not run: ${error.message}`
    }
    process.exitCode = 1
    return `failed: ${toErrorText(error)}`
  }
}
