import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { agreeInBrowser } from '../../test/support/agree-in-browser.js'
import { runChild } from '../run-child.js'
import { type Client, call, checkAnswer, findAuthorizeUrl, install, person } from './client.js'

const PACKAGE = 'mcp==2.3.0'
const RUN_MS = 60_000
const SCRIPT = fileURLToPath(new URL('python_client.py', import.meta.url))

const Answer = z.object({
  protocolVersion: z.string(),
  tools: z.array(z.string()),
  isError: z.boolean(),
  text: z.string(),
})

/** The Python SDK. Installed for this run only, into an environment of its own. */
export const python: readonly Client[] = ['auto', 'legacy', 'sse'].map((mode) => ({
  name: mode === 'sse' ? 'Python SDK 2.3, HTTP+SSE, API key' : `Python SDK 2.3, ${mode}`,
  signInAndCall: async ({ mcpUrl, folder, apiKey }) => {
    const home = join(folder, `python-${mode}`)
    const interpreter = join(home, 'bin', 'python')
    await install('python3', ['-m', 'venv', home], folder)
    await install(interpreter, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', PACKAGE], home)
    const { code, lines } = await runChild({
      command: interpreter,
      args: [SCRIPT, mcpUrl, mode, call.name, JSON.stringify(call.arguments)],
      timeoutMs: RUN_MS,
      env: mode === 'sse' ? { AEGIS_KEY: apiKey } : {},
      onLine: async (line, reply) => {
        const authorize = findAuthorizeUrl(line, mcpUrl)
        if (authorize !== undefined) {
          reply((await agreeInBrowser(authorize, person)).href)
        }
      },
    })
    const last = lines.find((line) => line.startsWith('answer '))
    if (code !== 0 || last === undefined) {
      throw new Error(`it ended with ${code}: ${lines.slice(-3).join(' | ')}`)
    }
    const { protocolVersion, tools, text } = Answer.parse(JSON.parse(last.slice('answer '.length)))
    checkAnswer(text)
    return `${protocolVersion}, ${tools.length} tools`
  },
}))
