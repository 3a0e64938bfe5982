import { expect } from 'vitest'
import { createBranch } from '../../src/gitea/branch-writes.js'
import { createPull } from '../../src/gitea/pull-writes.js'
import type { Exchanges } from './contract-exchange.js'

const notes = { owner: 'alice', repo: 'field-notes' }
const sha = expect.stringMatching(/^[0-9a-f]{40}$/)

/** Writing what belongs to code: branches, pull requests, reviews, releases. Each goes on from those before it. */
export const codeWriteExchanges: Exchanges = {
  createBranch: {
    send: (client) => createBranch(client, notes, { branch: 'autumn/draft', from: undefined }),
    parsed: {
      name: 'autumn/draft',
      isProtected: false,
      sha,
      url: expect.stringMatching(/\/alice\/field-notes\/src\/branch\/autumn\/draft$/),
    },
  },
  createPullRequest: {
    send: (client) =>
      createPull(client, notes, {
        title: 'Notes of the autumn',
        body: 'As **agreed**.',
        base: 'main',
        head: { repository: notes, branch: 'autumn/draft' },
      }),
    parsed: { number: 1, title: 'Notes of the autumn', body: 'As **agreed**.', author: 'alice', headSha: sha },
  },
}
