import { setTimeout as sleep } from 'node:timers/promises'
import { MissingRequiredClientCapabilityError, type ServerEventBus, type Tool } from '@modelcontextprotocol/server'
import { declaredCapabilities, type FixtureTool, fixtureTool, textResult } from './fixture-tool.js'
import { PNG, WAV } from './samples.js'

const STEP_MS = 50

/** The vocabulary of JSON Schema 2020-12 that a list of tools must carry through untouched (SEP-1613, SEP-2106). */
const WIDE_SCHEMA: Tool['inputSchema'] = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
}

/** Tools whose answer needs nothing from the client. */
export function createPlainTools(bus: ServerEventBus): FixtureTool[] {
  return [
    fixtureTool('test_simple_text', 'answers with text.', async () => textResult('A plain text answer.')),
    fixtureTool('test_image_content', 'answers with an image.', async () => ({
      content: [{ type: 'image', data: PNG, mimeType: 'image/png' }],
    })),
    fixtureTool('test_audio_content', 'answers with audio.', async () => ({
      content: [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }],
    })),
    fixtureTool('test_embedded_resource', 'answers with an embedded resource.', async () => ({
      content: [
        {
          type: 'resource',
          resource: { uri: 'test://embedded-resource', mimeType: 'text/plain', text: 'The text of a resource.' },
        },
      ],
    })),
    fixtureTool('test_multiple_content_types', 'answers with text, an image and a resource.', async () => ({
      content: [
        { type: 'text', text: 'Three kinds of content:' },
        { type: 'image', data: PNG, mimeType: 'image/png' },
        {
          type: 'resource',
          resource: { uri: 'test://mixed-content-resource', mimeType: 'application/json', text: '{"mixed":true}' },
        },
      ],
    })),
    fixtureTool('test_error_handling', 'always fails.', async () => ({
      ...textResult('This fixture always fails.'),
      isError: true,
    })),
    fixtureTool('test_tool_with_progress', 'reports progress three times.', async (_args, { mcpReq }) => {
      const progressToken = mcpReq._meta?.progressToken
      for (const progress of [0, 50, 100]) {
        if (progressToken !== undefined) {
          await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } })
        }
        await sleep(STEP_MS, undefined, { signal: mcpReq.signal })
      }
      return textResult('Went from 0 to 100.')
    }),
    fixtureTool('test_tool_with_logging', 'logs three times.', async (_args, { mcpReq }) => {
      for (const line of ['started', 'working', 'finished']) {
        await mcpReq.log('info', `The tool has ${line}.`)
        await sleep(STEP_MS, undefined, { signal: mcpReq.signal })
      }
      return textResult('Logged three lines.')
    }),
    fixtureTool('test_logging_tool', 'logs where the request asks for logs.', async (_args, { mcpReq }) => {
      await mcpReq.log('info', 'Only for requests with a log level.')
      return textResult('Logged one line, if it was asked for.')
    }),
    fixtureTool(
      'json_schema_2020_12_tool',
      'has a wide input schema.',
      async () => textResult('Accepted.'),
      WIDE_SCHEMA,
    ),
    fixtureTool('test_missing_capability', 'needs a client that samples.', async (_args, context) => {
      if (!declaredCapabilities(context).has('sampling')) {
        throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { sampling: {} } })
      }
      return textResult('The client samples.')
    }),
    fixtureTool('test_trigger_tool_change', 'says that the list of tools has changed.', async () => {
      bus.publish({ kind: 'tools_list_changed' })
      return textResult('Told every subscriber.')
    }),
    fixtureTool('test_trigger_prompt_change', 'says that the list of prompts has changed.', async () => {
      bus.publish({ kind: 'prompts_list_changed' })
      return textResult('Told every subscriber.')
    }),
  ]
}
