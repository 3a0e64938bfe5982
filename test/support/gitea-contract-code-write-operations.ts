import { expect } from 'vitest'
import { createBranch } from '../../src/gitea/branch-writes.js'
import { createPull, updatePull } from '../../src/gitea/pull-writes.js'
import { createRelease, updateRelease } from '../../src/gitea/release-writes.js'
import { createReview, requestReviewers } from '../../src/gitea/review-writes.js'
import type { Exchanges } from './contract-exchange.js'

const notes = { owner: 'alice', repo: 'field-notes' }
let index = 0
let releaseId = 0
const count = expect.any(Number)
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
    async send(client) {
      const pull = await createPull(client, notes, {
        title: 'Notes of the autumn',
        body: 'As **agreed**.',
        base: 'main',
        head: { repository: notes, branch: 'autumn/draft' },
      })
      index = pull.number
      return pull
    },
    parsed: { title: 'Notes of the autumn', body: 'As **agreed**.', author: 'alice', headSha: sha },
  },
  updatePullRequest: {
    send: (client) => updatePull(client, { ...notes, index }, { title: 'Notes of the late autumn', body: '' }),
    parsed: { title: 'Notes of the late autumn', body: '', state: 'open', base: 'main' },
  },
  createReview: {
    send: (client) =>
      createReview(
        client,
        { ...notes, index },
        {
          event: 'COMMENT',
          body: '',
          commit: '',
          comments: [{ path: 'latest.md', line: 1, old: false, body: 'From **where**?' }],
        },
      ),
    parsed: { id: count, url: expect.stringMatching(/\/pulls\/\d+#issuecomment-\d+$/), comments: 1 },
  },
  requestReviewers: {
    send: (client) => requestReviewers(client, { ...notes, index }, ['bob']),
    parsed: ['bob'],
  },
  createRelease: {
    async send(client) {
      const release = await createRelease(client, notes, {
        tag: 'autumn-2026',
        target: 'autumn/draft',
        title: 'Autumn',
        body: 'Until *November*.',
        isDraft: true,
        isPrerelease: false,
      })
      releaseId = release.id
      return release
    },
    parsed: { id: count, tag: 'autumn-2026', target: 'autumn/draft', title: 'Autumn', isDraft: true, author: 'alice' },
  },
  updateRelease: {
    send: (client) => updateRelease(client, { ...notes, id: releaseId }, { isDraft: false, isPrerelease: true }),
    parsed: { tag: 'autumn-2026', body: 'Until *November*.', isDraft: false, isPrerelease: true },
  },
}
