import { setTimeout as sleep } from 'node:timers/promises'
import { type ElicitRequestFormParams, SdkError, SdkErrorCode, type ServerContext } from '@modelcontextprotocol/server'
import { type FixtureTool, fixtureTool, textResult } from './fixture-tool.js'

const RECONNECT_MS = 100

/**
 * Tools of the 2025 revisions that ask the client back while they run, or break their stream: they need a session.
 */
export const SESSION_TOOLS: readonly FixtureTool[] = [
  fixtureTool(
    'test_sampling',
    'asks the client for a completion.',
    async ({ prompt }, { mcpReq }) => {
      const { content } = await mcpReq.requestSampling({
        messages: [{ role: 'user', content: { type: 'text', text: String(prompt) } }],
        maxTokens: 100,
      })
      return textResult(`The client's model said ${JSON.stringify(content)}`)
    },
    { type: 'object', properties: { prompt: { type: 'string' } }, required: ['prompt'] },
  ),
  fixtureTool(
    'test_elicitation',
    'asks the person at the client.',
    async ({ message }, context) =>
      elicit(context, {
        message: String(message),
        requestedSchema: {
          type: 'object',
          properties: {
            username: { type: 'string', description: 'A name' },
            email: { type: 'string', description: 'An address' },
          },
          required: ['username', 'email'],
        },
      }),
    { type: 'object', properties: { message: { type: 'string' } }, required: ['message'] },
  ),
  fixtureTool('test_elicitation_sep1034_defaults', 'asks with a default for every kind of field.', (_args, context) =>
    elicit(context, {
      message: 'Change what is not right.',
      requestedSchema: {
        type: 'object',
        properties: {
          name: { type: 'string', default: 'John Doe' },
          age: { type: 'integer', default: 30 },
          score: { type: 'number', default: 95.5 },
          status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
          verified: { type: 'boolean', default: true },
        },
      },
    }),
  ),
  fixtureTool('test_elicitation_sep1330_enums', 'asks with every kind of choice.', (_args, context) =>
    elicit(context, {
      message: 'Choose.',
      requestedSchema: {
        type: 'object',
        properties: {
          untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
          titledSingle: { type: 'string', oneOf: titled() },
          legacyEnum: { type: 'string', enum: ['opt1', 'opt2'], enumNames: ['The first', 'The second'] },
          untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
          titledMulti: { type: 'array', items: { anyOf: titled() } },
        },
      },
    }),
  ),
  fixtureTool(
    'test_reconnection',
    'closes its stream before it answers (SEP-1699).',
    async (_args, { http, mcpReq }) => {
      if (http?.closeSSE === undefined) {
        throw new SdkError(SdkErrorCode.NotConnected, 'This fixture needs a session.')
      }
      http.closeSSE()
      await sleep(RECONNECT_MS, undefined, { signal: mcpReq.signal })
      return textResult('Answered after the stream was closed.')
    },
  ),
]

async function elicit(context: ServerContext, params: ElicitRequestFormParams) {
  const { action, content } = await context.mcpReq.elicitInput(params)
  return textResult(`The person chose ${action}: ${JSON.stringify(content ?? {})}`)
}

function titled(): { const: string; title: string }[] {
  return [
    { const: 'value1', title: 'The first' },
    { const: 'value2', title: 'The second' },
  ]
}
