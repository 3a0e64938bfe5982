import { z } from 'zod'
import { InvalidInput, NotFound } from '../lib/errors.js'
import { parseAnswer } from './answer.js'
import type { GiteaClient } from './client.js'
import { type RepositoryName, toName } from './repos.js'

/* What a person may do, asked by somebody else: for a service token that acts for them. */

const AccessMode = z.enum(['none', 'read', 'write', 'admin', 'owner'])
export type AccessMode = z.output<typeof AccessMode>

/** Absent where the asking token is not a site administrator's: Gitea then leaves both out or sends them as false. */
const Account = z.object({
  id: z.number(),
  login: z.string(),
  active: z.boolean().default(false),
  prohibit_login: z.boolean().default(false),
})

export interface Account {
  readonly id: number
  readonly login: string
  /** May sign in. Meaningful only when a site administrator asked. */
  readonly mayWork: boolean
}

/**
 * The account that has this login now, which after a rename may be another than before.
 *
 * @throws NotFound when there is none, or it is known by another name now
 */
export async function getAccount(client: GiteaClient, username: string): Promise<Account> {
  const answer = await client.request('getUser', { path: { username }, subject: `account ${username}` })
  const { id, login, active, prohibit_login } = parseAnswer(Account, answer)
  return { id, login, mayWork: active && !prohibit_login }
}

/** Whether this account is an organisation: Gitea looks both up by the same name, and lets `Sudo` act as either. */
export async function isOrganization(client: GiteaClient, org: string): Promise<boolean> {
  const query = { page: 1, limit: 1 }
  return client
    .request('listOrgRepositories', { path: { org }, query, subject: `organisation ${org}` })
    .then(() => true)
    .catch((thrown: unknown) => {
      if (thrown instanceof NotFound) return false
      throw thrown
    })
}

export interface FlatPermission {
  readonly accountId: number
  readonly mode: AccessMode
}

/**
 * Gitea's one word for what a person may do in a repository. It leaves out what ordinary teams grant: `none` is no proof
 * of no access in an organisation, and `read` none of no writing (routers/api/v1/repo/collaborators.go).
 *
 * @throws Forbidden when the token is not of an administrator of the repository
 */
export async function getRepositoryPermission(
  client: GiteaClient,
  { owner, repo, username }: RepositoryName & { readonly username: string },
): Promise<FlatPermission> {
  const answer = await client.request('getRepositoryPermission', {
    path: { owner, repo, username },
    subject: `rights of ${username} in ${owner}/${repo}`,
  })
  const Permission = z.object({ permission: AccessMode, user: z.object({ id: z.number() }) })
  const { permission, user } = parseAnswer(Permission, answer)
  return { accountId: user.id, mode: permission }
}

const Team = z
  .object({
    id: z.number(),
    name: z.string(),
    permission: AccessMode,
    units_map: z.record(z.string(), z.string()).nullish(),
  })
  .transform(({ id, name, permission, units_map }) => ({ id, name, mode: permission, units: units_map ?? {} }))
/** `units`: rights by unit, such as `repo.code: write`. */
export type Team = z.output<typeof Team>

/** Teams that work on a repository, all of them; none for a person's own repository. */
export async function listRepositoryTeams(client: GiteaClient, name: RepositoryName): Promise<readonly Team[]> {
  const { owner, repo } = name
  const answer = await client
    .request('listRepositoryTeams', { path: { owner, repo }, subject: `teams of ${toName(name)}` })
    .catch((thrown: unknown) => {
      // Gitea answers 405 for a repository that is not an organisation's
      if (thrown instanceof InvalidInput) return undefined
      throw thrown
    })
  return answer === undefined ? [] : (parseAnswer(z.array(Team).nullable(), answer) ?? [])
}

/** Whether the person is in the team. Gitea says no, too, when the asking token may not look into it. */
export async function isTeamMember(client: GiteaClient, id: number, username: string): Promise<boolean> {
  return client
    .request('getTeamMember', { path: { id, username }, subject: `member ${username} of team ${id}` })
    .then(() => true)
    .catch((thrown: unknown) => {
      if (thrown instanceof NotFound) return false
      throw thrown
    })
}
