import {
  acceptedContent,
  type GetPromptResult,
  type InputRequiredResult,
  inputRequired,
  type Prompt,
  ProtocolError,
  type ReadResourceResult,
  type Resource,
  ResourceNotFoundError,
  type ResourceTemplateType,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { z } from 'zod'
import { PNG } from './samples.js'

const INVALID_PARAMS = -32602
const TEMPLATE = /^test:\/\/template\/([^/]+)\/data$/

const context = z.object({ context: z.string() })

export const PROMPTS: readonly Prompt[] = [
  { name: 'test_simple_prompt', description: 'Conformance fixture: a prompt without arguments.' },
  {
    name: 'test_prompt_with_arguments',
    description: 'Conformance fixture: a prompt with two arguments.',
    arguments: [
      { name: 'arg1', description: 'The first.', required: true },
      { name: 'arg2', description: 'The second.', required: true },
    ],
  },
  {
    name: 'test_prompt_with_embedded_resource',
    description: 'Conformance fixture: a prompt that embeds a resource.',
    arguments: [{ name: 'resourceUri', description: 'What to embed.', required: true }],
  },
  { name: 'test_prompt_with_image', description: 'Conformance fixture: a prompt with an image.' },
  { name: 'test_input_required_result_prompt', description: 'Conformance fixture: a prompt that asks first.' },
]

export const RESOURCES: readonly Resource[] = [
  {
    uri: 'test://static-text',
    name: 'static-text',
    description: 'Conformance fixture: a text that never changes.',
    mimeType: 'text/plain',
  },
  {
    uri: 'test://static-binary',
    name: 'static-binary',
    description: 'Conformance fixture: an image that never changes.',
    mimeType: 'image/png',
  },
  {
    uri: 'test://watched-resource',
    name: 'watched-resource',
    description: 'Conformance fixture: a text to subscribe to.',
    mimeType: 'text/plain',
  },
]

export const RESOURCE_TEMPLATES: readonly ResourceTemplateType[] = [
  {
    uriTemplate: 'test://template/{id}/data',
    name: 'template-data',
    description: 'Conformance fixture: a text about any id.',
    mimeType: 'application/json',
  },
]

/** @throws ProtocolError -32602 for a prompt that is not listed */
export async function getPrompt(
  name: string,
  args: Record<string, string>,
  { mcpReq }: ServerContext,
): Promise<GetPromptResult | InputRequiredResult> {
  switch (name) {
    case 'test_simple_prompt':
      return toPrompt({ type: 'text', text: 'Say that this prompt has arrived.' })
    case 'test_prompt_with_arguments':
      return toPrompt({ type: 'text', text: `Prompt with arguments: arg1='${args.arg1}', arg2='${args.arg2}'` })
    case 'test_prompt_with_embedded_resource':
      return toPrompt(
        {
          type: 'resource',
          resource: { uri: args.resourceUri ?? '', mimeType: 'text/plain', text: 'The text of a resource.' },
        },
        { type: 'text', text: 'Read the resource above.' },
      )
    case 'test_prompt_with_image':
      return toPrompt(
        { type: 'image', data: PNG, mimeType: 'image/png' },
        { type: 'text', text: 'Look at the image above.' },
      )
    case 'test_input_required_result_prompt': {
      const given = acceptedContent(mcpReq.inputResponses, 'user_context', context)
      return given === undefined
        ? inputRequired({
            inputRequests: {
              user_context: inputRequired.elicit({ message: 'In which context?', requestedSchema: context }),
            },
          })
        : toPrompt({ type: 'text', text: `In the context of ${given.context}.` })
    }
    default:
      throw new ProtocolError(INVALID_PARAMS, `There is no prompt “${name}”.`)
  }
}

/** @throws ResourceNotFoundError for an address that is neither listed nor of the template */
export function readResource(uri: string): ReadResourceResult {
  const id = TEMPLATE.exec(uri)?.[1]
  if (id !== undefined) {
    const text = JSON.stringify({ id, templateTest: true, data: `About ${id}` })
    return { contents: [{ uri, mimeType: 'application/json', text }] }
  }
  const listed = RESOURCES.find((resource) => resource.uri === uri)
  if (listed === undefined) {
    throw new ResourceNotFoundError(uri)
  }
  return uri === 'test://static-binary'
    ? { contents: [{ uri, mimeType: 'image/png', blob: PNG }] }
    : { contents: [{ uri, mimeType: 'text/plain', text: `The text of ${listed.name}.` }] }
}

function toPrompt(...contents: GetPromptResult['messages'][number]['content'][]): GetPromptResult {
  return { messages: contents.map((content) => ({ role: 'user', content })) }
}
