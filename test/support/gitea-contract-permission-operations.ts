/** What a service token asks about people. */
import { expect } from 'vitest'
import { z } from 'zod'
import { getRepositoryPermission, isTeamMember, listRepositoryTeams } from '../../src/gitea/permissions.js'
import type { Exchanges } from './contract-exchange.js'
import type { GiteaUnderTest } from './gitea-under-test.js'

const booking = { owner: 'harbor', repo: 'booking' }
let developersId = 0

/** Finds out what Gitea calls the team. */
export async function preparePermissionExchanges(gitea: GiteaUnderTest): Promise<void> {
  const token = await gitea.createToken('alice', ['read:repository'])
  const answer = await fetch(`${gitea.url}/api/v1/repos/harbor/booking/teams`, {
    headers: { authorization: `Bearer ${token}` },
  })
  const teams = z.array(z.object({ id: z.number(), name: z.string() })).parse(await answer.json())
  developersId = teams.find(({ name }) => name === 'developers')?.id ?? 0
}

export const permissionExchanges: Exchanges = {
  getRepositoryPermission: {
    send: (client) => getRepositoryPermission(client, { ...booking, username: 'alice' }),
    // she writes through a team, which this endpoint does not know of
    parsed: { accountId: expect.any(Number), mode: 'read' },
  },
  listRepositoryTeams: {
    send: (client) => listRepositoryTeams(client, booking),
    parsed: expect.arrayContaining([
      expect.objectContaining({ name: 'developers', units: expect.objectContaining({ 'repo.code': 'write' }) }),
    ]),
  },
  getTeamMember: {
    send: async (client) => ({ isIn: await isTeamMember(client, developersId, 'alice') }),
    parsed: { isIn: true },
  },
}
