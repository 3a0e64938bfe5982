import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Client as StdioClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { type Client, call, checkAnswer, followAuthorizeUrl } from './client.js'

const PROXY = join(fileURLToPath(import.meta.resolve('mcp-remote/package.json')), '..', 'dist', 'proxy.js')
const MAX_MS = 60_000

/** The bridge that lets clients without HTTP reach a server; it speaks both eras to it. */
export const mcpRemote: readonly Client[] = ['legacy', 'auto'].map((protocol) => ({
  name: `mcp-remote, ${protocol}`,
  signInAndCall: async ({ mcpUrl, folder }) => {
    const home = join(folder, `mcp-remote-${protocol}`)
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [PROXY, mcpUrl, '--protocol', protocol, '--transport', 'http-only'],
      env: { HOME: home, MCP_REMOTE_CONFIG_DIR: home },
      stderr: 'pipe',
    })
    const client = new StdioClient({ name: 'a-desktop-client', version: '1.0.0' })
    const failure = Promise.withResolvers<never>()
    const printed = new PassThrough()
    transport.stderr?.pipe(printed)
    createInterface(printed).on('line', (line) => {
      followAuthorizeUrl(line, mcpUrl).catch(failure.reject)
    })
    const work = async () => {
      await client.connect(transport, { timeout: MAX_MS })
      const { tools } = await client.listTools()
      checkAnswer(JSON.stringify(await client.callTool(call)))
      return `${tools.length} tools`
    }
    try {
      return await Promise.race([work(), failure.promise])
    } finally {
      await client.close()
    }
  },
}))
