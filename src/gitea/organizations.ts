import { z } from 'zod'
import type { GiteaClient } from './client.js'
import { type Page, type PageRequest, toPage } from './repos.js'

const Organization = z
  .object({
    id: z.number(),
    username: z.string(),
    full_name: z.string().default(''),
    description: z.string().default(''),
    visibility: z.string().default(''),
  })
  .transform(({ id, username, full_name, description, visibility }) => ({
    id,
    name: username,
    fullName: full_name,
    description,
    /** `public`, `limited` (to people with an account) or `private` (to members). */
    visibility,
  }))
export type Organization = z.output<typeof Organization>

/** Organisations that the person is a member of. */
export async function listMyOrganizations(client: GiteaClient, request: PageRequest): Promise<Page<Organization>> {
  const { page, limit } = request
  const answer = await client.request('listMyOrganizations', { query: { page, limit }, subject: 'organisations' })
  return toPage(Organization, answer)
}
