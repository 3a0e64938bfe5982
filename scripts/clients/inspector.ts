import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findFreePort } from '../../test/support/start-aegis.js'
import { runChild } from '../run-child.js'
import { type Client, call, checkAnswer, followAuthorizeUrl, install } from './client.js'

const PACKAGE = '@modelcontextprotocol/inspector@2.12.0'
const RUN_MS = 60_000

/** The official Inspector on the command line. Installed for this run only: it is large. */
export const inspector: Client = {
  name: 'Inspector CLI 2.12',
  signInAndCall: async ({ mcpUrl, folder }) => {
    const home = join(folder, 'inspector')
    mkdirSync(home)
    writeFileSync(join(home, 'package.json'), '{"private":true}')
    await install('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', PACKAGE], home)
    const toolArguments = Object.entries(call.arguments).map(([name, value]) => `${name}=${value}`)
    const callback = `http://127.0.0.1:${await findFreePort()}/oauth/callback`
    const { code, lines } = await runChild({
      command: join(home, 'node_modules', '.bin', 'mcp-inspector'),
      args: [
        ...['--cli', mcpUrl, '--transport', 'http', '--callback-url', callback],
        ...['--method', 'tools/call', '--tool-name', call.name, '--tool-arg', ...toolArguments],
      ],
      cwd: home,
      // without a terminal it signs in only when told that a browser will come
      env: { HOME: home, MCP_AUTO_OPEN_ENABLED: 'true', MCP_INSPECTOR_SECRET_STORE: 'memory' },
      timeoutMs: RUN_MS,
      onLine: (line) => followAuthorizeUrl(line, mcpUrl),
    })
    if (code !== 0) {
      throw new Error(`it ended with ${code}: ${lines.slice(-3).join(' | ')}`)
    }
    checkAnswer(lines.join('\n'))
    return 'signed in by itself'
  },
}
