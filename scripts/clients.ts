// npm run clients: clients that nobody here wrote sign in at the built server and make one call. The large ones are
// installed from npm and PyPI into a temporary folder; where that cannot be done they do not run, and it is said.
import { toErrorText } from '../src/lib/errors.js'
import { startServerBesideSandbox } from '../test/support/server-beside-sandbox.js'
import { type Client, DidNotRun, type Visit } from './clients/client.js'
import { inspector } from './clients/inspector.js'
import { mcpRemote } from './clients/mcp-remote.js'
import { python } from './clients/python.js'
import { sdk } from './clients/sdk.js'

const server = await startServerBesideSandbox()
try {
  const visit = { mcpUrl: `${server.url}/mcp`, folder: server.folder }
  for (const client of [...sdk, ...mcpRemote, inspector, ...python]) {
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
