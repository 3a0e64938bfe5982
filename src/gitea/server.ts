import { z } from 'zod'
import { parseAnswer } from './answer.js'
import type { GiteaClient } from './client.js'

/** Gitea's version as it names itself: `1.25.3`, `1.26.0+dev`. */
export async function getVersion(client: GiteaClient): Promise<string> {
  const answer = await client.request('getVersion', { subject: 'version' })
  return parseAnswer(z.object({ version: z.string() }), answer).version
}

/** How many rows Gitea sends at most: `limit` above it is cut without a word. */
export async function getMaxPageSize(client: GiteaClient): Promise<number> {
  const answer = await client.request('getApiSettings', { subject: 'API settings' })
  return parseAnswer(z.object({ max_response_items: z.number() }), answer).max_response_items
}
