/** People, organisations, and what belongs to a repository as a whole. */
import { expect } from 'vitest'
import { listMyOrganizations } from '../../src/gitea/organizations.js'
import { listPullCommits } from '../../src/gitea/pulls.js'
import { listLanguages, listOrgRepositories, listTopics } from '../../src/gitea/repos.js'
import { getUser, listCollaborators } from '../../src/gitea/users.js'
import type { Exchanges } from './contract-exchange.js'

const booking = { owner: 'harbor', repo: 'booking' }
const first = { page: 1, limit: 2 }
const moment = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/)

export const peopleExchanges: Exchanges = {
  getUser: {
    send: (client) => getUser(client, 'bob'),
    parsed: {
      id: expect.any(Number),
      login: 'bob',
      fullName: 'Bob Lindqvist',
      visibility: 'public',
      createdAt: moment,
    },
  },
  listMyOrganizations: {
    send: (client) => listMyOrganizations(client, first),
    parsed: { items: [{ name: 'harbor', visibility: 'public', description: '' }], total: 1 },
  },
  listOrgRepositories: {
    send: (client) => listOrgRepositories(client, { org: 'harbor', page: 1, limit: 50 }),
    parsed: {
      items: expect.arrayContaining([expect.objectContaining({ owner: 'harbor', name: 'booking' })]),
      isLast: expect.any(Boolean),
    },
  },
  listCollaborators: {
    send: (client) => listCollaborators(client, { owner: 'alice', repo: 'field-notes', ...first }),
    parsed: { items: [{ login: 'bob', fullName: 'Bob Lindqvist' }], total: 1 },
  },
  getLanguages: {
    send: (client) => listLanguages(client, booking),
    // a real Gitea counts in the background
    parsed: expect.any(Array),
  },
  listTopics: {
    send: (client) => listTopics(client, booking),
    parsed: ['booking', 'typescript'],
  },
  listPullRequestCommits: {
    send: (client) => listPullCommits(client, { ...booking, index: 6, ...first }),
    parsed: {
      items: [{ message: expect.stringMatching(/^booking: full refund/), author: 'alice', authoredAt: moment }],
      total: 1,
    },
  },
}
