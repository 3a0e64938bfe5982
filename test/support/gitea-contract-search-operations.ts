import { expect } from 'vitest'
import { searchIssues } from '../../src/gitea/issue-search.js'
import type { Exchanges } from './contract-exchange.js'

export const searchExchanges: Exchanges = {
  searchIssues: {
    send: (client) =>
      searchIssues(client, {
        query: 'one hour off',
        owner: 'harbor',
        state: 'open',
        type: 'issues',
        concern: 'assigned',
        page: 1,
        limit: 2,
      }),
    parsed: {
      items: [
        {
          number: 1,
          author: 'bob',
          isPull: false,
          isMerged: false,
          repository: { owner: 'harbor', name: 'booking' },
          updatedAt: expect.stringMatching(/^\d{4}-/),
        },
      ],
      total: 1,
    },
  },
}
