import { z } from 'zod'
import { parseAnswer } from './answer.js'
import type { GiteaClient } from './client.js'
import { type Page, type PageRequest, type RepositoryName, toName, toPage } from './repos.js'

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

const Profile = z
  .object({
    id: z.number(),
    login: z.string(),
    full_name: z.string().default(''),
    description: z.string().default(''),
    location: z.string().default(''),
    website: z.string().default(''),
    visibility: z.string().default(''),
    created: z.string(),
  })
  .transform(({ full_name, created, ...profile }) => ({ ...profile, fullName: full_name, createdAt: created }))
export type Profile = z.output<typeof Profile>

/**
 * What a person or an organisation shows of itself; anyone with an account writes their own.
 *
 * @throws NotFound for one that is not there or hides from this person, or that was renamed
 */
export async function getUser(client: GiteaClient, username: string): Promise<Profile> {
  return parseAnswer(
    Profile,
    await client.request('getUser', { path: { username }, subject: `user or organisation ${username}` }),
  )
}

/** People who were added to a repository themselves: no owner, no members of teams. */
export async function listCollaborators(client: GiteaClient, args: RepositoryName & PageRequest): Promise<Page<User>> {
  const { owner, repo, page, limit } = args
  const answer = await client.request('listCollaborators', {
    path: { owner, repo },
    query: { page, limit },
    subject: `repository ${toName(args)}`,
  })
  return toPage(User, answer)
}
