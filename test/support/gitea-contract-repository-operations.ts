/** What a repository has beside its files, issues and pull requests: branches, tags, releases, milestones. */
import { expect } from 'vitest'
import { z } from 'zod'
import { getBranch } from '../../src/gitea/git.js'
import { getLatestRelease, getRelease, listReleases } from '../../src/gitea/releases.js'
import { createStatus, getCombinedStatus, listStatuses } from '../../src/gitea/statuses.js'
import { listTags } from '../../src/gitea/tags.js'
import type { Exchanges } from './contract-exchange.js'
import type { GiteaUnderTest } from './gitea-under-test.js'
import { sendToGitea } from './send-to-gitea.js'

const booking = { owner: 'harbor', repo: 'booking' }
// where nobody else releases
const notes = { owner: 'alice', repo: 'field-notes' }
const first = { page: 1, limit: 2 }
const sha = expect.stringMatching(/^[0-9a-f]{40}$/)
const moment = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/)
const release = {
  id: expect.any(Number),
  tag: 'summer-2026',
  title: 'Summer',
  body: 'Everything until August.',
  isDraft: false,
  isPrerelease: false,
  publishedAt: moment,
  author: 'alice',
  files: [],
}

const status = { id: 1, state: 'success', name: 'ci/build', description: 'built', url: '', createdAt: moment }

let releaseId = 0
let head = ''

/** Adds what the story does not hold. */
export async function prepareRepositoryExchanges(gitea: GiteaUnderTest): Promise<void> {
  const body = {
    tag_name: release.tag,
    target_commitish: 'main',
    name: release.title,
    body: release.body,
  }
  const answer = await sendToGitea(gitea, 'alice', 'POST', '/repos/alice/field-notes/releases', body)
  releaseId = z.object({ id: z.number() }).parse(answer).id
  head = await gitea.commit('alice', 'field-notes', { message: 'checked', branch: 'checked', from: 'main', files: {} })
  const said = { state: status.state, context: status.name, description: status.description }
  await sendToGitea(gitea, 'alice', 'POST', `/repos/alice/field-notes/statuses/${head}`, said)
}

export const repositoryExchanges: Exchanges = {
  getBranch: {
    send: (client) => getBranch(client, { ...booking, branch: 'feature/refund-window' }),
    parsed: {
      name: 'feature/refund-window',
      isProtected: false,
      requiredApprovals: 0,
      requiredChecks: [],
      canPush: true,
      canMerge: true,
      sha,
      author: 'alice',
      committedAt: moment,
    },
  },
  listTags: {
    send: (client) => listTags(client, { ...notes, ...first }),
    parsed: {
      items: [{ name: release.tag, message: 'Notes of the summer', sha, createdAt: moment }],
      total: 1,
    },
  },
  listReleases: {
    send: (client) => listReleases(client, { ...notes, ...first }),
    parsed: { items: [release], total: 1 },
  },
  getRelease: {
    send: (client) => getRelease(client, { ...notes, id: releaseId }),
    parsed: release,
  },
  getLatestRelease: {
    send: (client) => getLatestRelease(client, notes),
    parsed: release,
  },
  listStatuses: {
    send: (client) => listStatuses(client, { ...notes, sha: head }),
    parsed: { statuses: [status], isAll: true },
  },
  getCombinedStatus: {
    send: (client) => getCombinedStatus(client, { ...notes, ref: 'checked' }),
    parsed: { sha, checks: [status] },
  },
  createStatus: {
    send: (client) =>
      createStatus(
        client,
        { ...notes, sha: head },
        { state: 'warning', name: 'aegis/tides', description: ' low ', url: 'https://tides.example/7' },
      ),
    parsed: { id: 2, state: 'warning', name: 'aegis/tides', description: 'low', url: 'https://tides.example/7' },
  },
}
