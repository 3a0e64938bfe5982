import { sdkClients } from '../../test/support/sdk-clients.js'
import { type Client, call, checkAnswer, person } from './client.js'

export const sdk: readonly Client[] = sdkClients.map(({ name, signInAndCall }) => ({
  name,
  signInAndCall: async ({ mcpUrl }) => {
    const { protocolVersion, toolNames, text } = await signInAndCall(mcpUrl, person, call)
    checkAnswer(text)
    return `${protocolVersion}, ${toolNames.length} tools`
  },
}))
