/**
 * Every operation of the allow-list, sent by the product's own client and read with its own schemas. Runs against the
 * sandbox and a real Gitea. An operation without an entry here does not compile, and fails the first test.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGiteaTransport, type GiteaClient, type GiteaTransport } from '../../src/gitea/client.js'
import { getCommit, getCommitDiff, listBranches, listCommits } from '../../src/gitea/git.js'
import { createIssue, getIssue, listIssueComments, listIssues } from '../../src/gitea/issues.js'
import { listLabels, listMilestones, listOrgLabels } from '../../src/gitea/labels.js'
import { type OperationName, operations } from '../../src/gitea/operations.js'
import { getPull, getPullDiff, listPulls } from '../../src/gitea/pulls.js'
import { getRepository, listMyRepositories, searchRepositories } from '../../src/gitea/repos.js'
import { getCurrentUser, listAssignees } from '../../src/gitea/users.js'
import type { Exchanges } from './contract-exchange.js'
import { activityExchanges, addActivity } from './gitea-contract-activity-operations.js'
import { codeReadExchanges } from './gitea-contract-code-operations.js'
import { codeSearchExchanges } from './gitea-contract-code-search-operations.js'
import { codeWriteExchanges } from './gitea-contract-code-write-operations.js'
import { issueWriteExchanges } from './gitea-contract-issue-writes-operations.js'
import { peopleExchanges } from './gitea-contract-people-operations.js'
import { permissionExchanges, preparePermissionExchanges } from './gitea-contract-permission-operations.js'
import { prepareRepositoryExchanges, repositoryExchanges } from './gitea-contract-repository-operations.js'
import { searchExchanges } from './gitea-contract-search-operations.js'
import type { GiteaUnderTest } from './gitea-under-test.js'

/** The scopes that sign-in asks Gitea for. */
const SCOPES = ['read:user', 'read:organization', 'write:repository', 'write:issue', 'write:notification']
// Object.keys forgets the names
const NAMES = Object.keys(operations) as OperationName[]
const BRANCH = 'feature/refund-window'

const booking = { owner: 'harbor', repo: 'booking' }
const first = { page: 1, limit: 2 }
const sha = expect.stringMatching(/^[0-9a-f]{40}$/)
const moment = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/)
const count = expect.any(Number)

const repository = { name: 'booking', owner: 'harbor', visibility: 'public', isEmpty: false, defaultBranch: 'main' }
const issue = {
  number: 1,
  title: 'Departure time is one hour off after the clocks change',
  state: 'open',
  author: 'bob',
  labels: ['bug'],
  assignees: ['alice'],
  milestone: 'Winter timetable',
  comments: 20,
  createdAt: moment,
  updatedAt: moment,
  isPull: false,
}
const pull = {
  number: 6,
  author: 'alice',
  labels: ['feature'],
  reviewers: ['bob'],
  isDraft: false,
  isMerged: false,
  base: 'main',
  head: BRANCH,
  headSha: sha,
}
const commit = { sha, message: expect.stringMatching(/./), author: 'alice', authoredAt: moment, parents: [sha] }

const exchanges: Exchanges = {
  ...activityExchanges,
  ...codeReadExchanges,
  ...codeSearchExchanges,
  ...issueWriteExchanges,
  ...peopleExchanges,
  ...permissionExchanges,
  ...repositoryExchanges,
  ...searchExchanges,
  getCurrentUser: {
    send: getCurrentUser,
    parsed: { id: count, login: 'alice', fullName: 'Alice Moreau', isAdmin: false },
  },
  listMyRepositories: {
    send: (client) => listMyRepositories(client, first),
    parsed: { items: [{ name: expect.any(String) }, { updatedAt: moment }], total: 4 },
  },
  searchRepositories: {
    send: (client) => searchRepositories(client, { ...first, query: 'ferry lines' }),
    parsed: { items: [repository], total: 1 },
  },
  getRepository: {
    send: (client) => getRepository(client, booking),
    parsed: {
      ...repository,
      description: 'Booking service for the ferry lines',
      permissions: { admin: false, push: true, pull: true },
      topics: ['booking', 'typescript'],
    },
  },
  listAssignees: {
    send: (client) => listAssignees(client, booking),
    parsed: expect.arrayContaining(['alice', 'bob']),
  },
  listBranches: {
    send: (client) => listBranches(client, { ...booking, page: 1, limit: 50 }),
    parsed: {
      items: expect.arrayContaining([
        expect.objectContaining({ name: 'main', isProtected: false, sha, committedAt: moment }),
        expect.objectContaining({ name: BRANCH, sha, author: 'alice' }),
      ]),
      total: 2,
    },
  },
  listCommits: {
    send: (client) => listCommits(client, { ...booking, ...first, ref: BRANCH }),
    parsed: { items: [commit, { sha, authoredAt: moment }], total: count },
  },
  getCommit: {
    send: (client) => getCommit(client, { ...booking, ref: BRANCH }),
    parsed: { ...commit, message: expect.stringContaining('full refund within a day') },
  },
  getCommitDiff: {
    send: (client) => getCommitDiff(client, { ...booking, sha: BRANCH }),
    parsed: { text: expect.stringMatching(/^diff --git a\//), truncated: false },
  },
  listIssues: {
    send: (client) => listIssues(client, { ...booking, ...first, state: 'open', labels: ['bug'] }),
    parsed: { items: [issue], total: 1 },
  },
  getIssue: {
    send: (client) => getIssue(client, { ...booking, index: 1 }),
    parsed: issue,
  },
  listIssueComments: {
    send: (client) => listIssueComments(client, { ...booking, index: 1 }),
    parsed: expect.arrayContaining([
      { id: count, author: 'alice', body: 'Who writes the migration?', createdAt: moment, updatedAt: moment },
    ]),
  },
  createIssue: {
    send: (client) =>
      createIssue(client, booking, {
        title: 'The gangway is too short',
        body: 'By **half** a metre.',
        labels: [],
        assignees: ['bob'],
        milestone: undefined,
      }),
    parsed: { title: 'The gangway is too short', body: 'By **half** a metre.', author: 'alice', assignees: ['bob'] },
  },
  listLabels: {
    send: (client) => listLabels(client, booking),
    parsed: ['bug', 'feature', 'help wanted', 'security'].map((name) => ({ id: count, name })),
  },
  listOrgLabels: {
    send: (client) => listOrgLabels(client, 'harbor'),
    parsed: [{ id: count, name: 'storm' }],
  },
  listMilestones: {
    send: (client) => listMilestones(client, booking),
    parsed: [{ id: count, title: 'Winter timetable', state: 'open' }],
  },
  listPullRequests: {
    send: (client) => listPulls(client, { ...booking, ...first, state: 'open' }),
    parsed: { items: [pull], total: 1 },
  },
  getPullRequest: {
    send: (client) => getPull(client, { ...booking, index: 6 }),
    parsed: { ...pull, title: 'Refund a cancelled booking within 24 hours', state: 'open', mergedBy: '' },
  },
  getPullRequestDiff: {
    send: (client) => getPullDiff(client, { ...booking, index: 6 }),
    parsed: { text: expect.stringMatching(/^diff --git a\//), truncated: false },
  },
  // last, because they change what the others read
  ...codeWriteExchanges,
}

export function testOperations(getGitea: () => GiteaUnderTest): void {
  let transport: GiteaTransport
  let token: string

  beforeAll(async () => {
    const gitea = getGitea()
    await gitea.addLabel({ owner: 'harbor', name: 'storm', color: '123456' })
    await addActivity(gitea)
    await prepareRepositoryExchanges(gitea)
    await preparePermissionExchanges(gitea)
    token = await gitea.createToken('alice', SCOPES)
    transport = createGiteaTransport({ baseUrl: gitea.url, timeoutMs: 20_000, maxResponseBytes: 16 * 1024 * 1024 })
  })
  afterAll(() => transport.close())

  test('none is left out', () => {
    expect(Object.keys(exchanges).sort()).toEqual([...NAMES].sort())
  })

  test.each(Object.entries(exchanges))('%s', async (name, { send, parsed }) => {
    const answered: string[] = []
    const client = transport.as(
      { token: async () => token, renew: async () => token },
      { operations: NAMES, signal: AbortSignal.timeout(20_000), requestId: 'test' },
    )
    const watched: GiteaClient = {
      async request(operation, request) {
        const answer = await client.request(operation, request)
        answered.push(operation)
        return answer
      },
      async stream(operation, request, consume) {
        const result = await client.stream(operation, request, consume)
        answered.push(operation)
        return result
      },
    }

    expect(await send(watched)).toMatchObject(parsed)
    // a function may make up for a refusal, so that its result alone does not prove an answer
    expect(answered).toEqual([name])
  })
}
