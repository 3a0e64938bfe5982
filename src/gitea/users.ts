import { z } from 'zod'
import { parseAnswer } from './answer.js'
import type { GiteaClient } from './client.js'

const User = z
  .object({
    id: z.number(),
    login: z.string(),
    full_name: z.string().default(''),
    is_admin: z.boolean().default(false),
  })
  .transform((user) => ({ id: user.id, login: user.login, fullName: user.full_name, isAdmin: user.is_admin }))
export type User = z.output<typeof User>

/** The person behind the client's credential. Unlike a token refresh it notices a disabled account. */
export async function getCurrentUser(client: GiteaClient): Promise<User> {
  return parseAnswer(User, await client.request('getCurrentUser', { subject: 'account' }))
}

/** People who can be assigned to issues, by login. */
export async function listAssignees(client: GiteaClient, { owner, repo }: { owner: string; repo: string }) {
  const Logins = z.array(z.object({ login: z.string() }).transform((user) => user.login)).nullable()
  const answer = await client.request('listAssignees', {
    path: { owner, repo },
    subject: `repository ${owner}/${repo}`,
  })
  return parseAnswer(Logins, answer) ?? []
}
