/** One real call with a token of ours: what a client does after signing in. */
import { z } from 'zod'
import type { Config } from '../../config/config.js'
import { toTerminalText } from '../command.js'
import { type Answer, findJson, probe } from '../http-probe.js'
import { type Check, failed, ok, skipped } from './check.js'

const REVISION = '2026-07-28'
const TOOL = 'get_me'

const Reply = z.union([
  z.object({ result: z.object({ isError: z.boolean().default(false), content: z.array(z.unknown()) }) }),
  z.object({ error: z.object({ message: z.string() }) }),
])
const TextContent = z.object({ type: z.literal('text'), text: z.string() })

/** @param token an access token of this server, or undefined when none was given */
export async function checkCall({ publicBaseUrl }: Config, token: string | undefined): Promise<Check> {
  const step = 'a call'
  if (token === undefined) {
    return skipped(step, 'give an access token of this server in AEGIS_DOCTOR_TOKEN to try one')
  }
  const result = await probe(`${publicBaseUrl}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': REVISION,
      'mcp-method': 'tools/call',
      'mcp-name': TOOL,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: {
        name: TOOL,
        arguments: {},
        _meta: {
          'io.modelcontextprotocol/protocolVersion': REVISION,
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    }),
  })
  if ('failure' in result) {
    return failed(
      step,
      `/mcp cannot be reached: ${result.failure}.`,
      'Look at the proxy: it must not buffer or cut /mcp.',
    )
  }
  return judge(step, result.answer)
}

function judge(step: string, answer: Answer): Check {
  if (answer.status === 401) {
    return failed(
      step,
      'The token is not, or no longer, valid here.',
      'Sign in again with a client and give its new token.',
    )
  }
  const reply = Reply.safeParse(findJson(answer))
  if (answer.status !== 200 || !reply.success) {
    return failed(step, `${TOOL} answers ${answer.status} and something unexpected.`, 'The server’s log says more.')
  }
  if ('error' in reply.data) {
    return failed(step, toTerminalText(reply.data.error.message), 'The server’s log says more.')
  }
  const { isError, content } = reply.data.result
  const text = content.flatMap((part) => TextContent.safeParse(part).data?.text ?? []).join(' ')
  // the first line may be the mark that says where the data begins
  const line = text.split('\n').find((each) => each.trim() !== '' && !each.startsWith('[')) ?? ''
  const shown = toTerminalText(line.slice(0, 200))
  return isError ? failed(step, `${TOOL}: ${shown}`, 'It says what to change.') : ok(step, `${TOOL}: ${shown}`)
}
