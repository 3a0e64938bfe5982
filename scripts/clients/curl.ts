import { runChild } from '../run-child.js'
import { type Client, call, checkAnswer, DidNotRun } from './client.js'

const RUN_MS = 20_000

/** The lines that users of the direct call have in their scripts: an API key, a tool, its arguments. */
export const curl: Client = {
  name: 'curl, API key, direct call',
  signInAndCall: async ({ mcpUrl, apiKey }) => {
    const authorization = `Authorization: Bearer ${apiKey}`
    const listed = await run(['-H', authorization, `${mcpUrl}/tools`])
    const { tools }: { tools?: unknown[] } = Object(JSON.parse(listed))
    const body = JSON.stringify({ tool: call.name, arguments: call.arguments })
    const answer = await run([
      ...['-H', authorization, `${mcpUrl}/tool/call`],
      ...['-X', 'POST', '-H', 'Content-Type: application/json', '-d', body],
    ])
    const { success, result }: { success?: boolean; result?: Record<string, unknown> } = Object(JSON.parse(answer))
    checkAnswer(success === true ? `${String(result?.owner)}/${String(result?.name)}` : answer)
    return `${tools?.length ?? 0} tools`
  },
}

async function run(args: readonly string[]): Promise<string> {
  const { code, output } = await runChild({ command: 'curl', args: ['-sS', ...args], timeoutMs: RUN_MS }).catch(
    (error: unknown) => {
      throw new DidNotRun(`curl cannot be started: ${String(error)}`)
    },
  )
  if (code !== 0) {
    throw new Error(`curl ended with ${code}: ${output.slice(0, 300)}`)
  }
  return output
}
