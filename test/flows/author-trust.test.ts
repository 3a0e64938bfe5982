import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AuthorTrust, createAuthorTrust } from '../../src/gate/author-trust.js'
import { createGiteaTransport, type GiteaTransport } from '../../src/gitea/client.js'
import type { Tool } from '../../src/tools/define-tool.js'
import { getIssue } from '../../src/tools/get-issue.js'
import { getPullRequest } from '../../src/tools/get-pull-request.js'
import { listIssueComments } from '../../src/tools/list-issue-comments.js'
import { listIssues } from '../../src/tools/list-issues.js'
import { listPullRequests } from '../../src/tools/list-pull-requests.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from '../tools/run-tool.js'

const quay = { owner: 'harbor', repo: 'quay' }
const booking = { owner: 'harbor', repo: 'booking' }

let gitea: GiteaUnderTest
let transport: GiteaTransport
let token: string
let mallory: ToolRunner
let requests: number

beforeAll(async () => {
  gitea = await startGitea()
  for (const login of ['codewriter', 'issuewriter', 'pullreader', 'codereader', 'guest', 'helper', 'outsider']) {
    await gitea.addUser({ login, password: `${login}-passw0rd` })
  }
  await gitea.addRepository({ owner: 'harbor', name: 'quay', files: { 'README.md': 'quay\n' } })
  const teams = [
    ['codewriter', { 'repo.code': 'write' }],
    ['issuewriter', { 'repo.issues': 'write' }],
    ['pullreader', { 'repo.pulls': 'read' }],
    ['codereader', { 'repo.code': 'read', 'repo.issues': 'read' }],
  ] as const
  for (const [member, units] of teams) {
    await gitea.addTeam({ org: 'harbor', name: `team-${member}`, members: [member], repositories: ['quay'], units })
  }
  await gitea.addCollaborator('harbor', 'quay', 'guest', 'read')
  await gitea.addCollaborator('harbor', 'quay', 'helper', 'write')
  transport = createGiteaTransport({ baseUrl: gitea.url, timeoutMs: 20_000, maxResponseBytes: 1024 * 1024 })
  mallory = await createToolRunner(gitea, 'mallory')
  token = await gitea.createToken('mallory', ['read:user', 'read:repository', 'read:issue'])
})

afterAll(async () => {
  await mallory.close()
  await transport.close()
  await gitea.close()
})

function count() {
  requests += 1
}

function clientOf(operations: readonly Parameters<GiteaTransport['as']>[1]['operations'][number][]) {
  requests = 0
  return transport.as(
    { token: async () => token, renew: async () => token },
    { operations, signal: new AbortController().signal, requestId: 'test', onRequest: count },
  )
}

/** As the gate does it: mallory asks, who may write nowhere here. */
function trustOf(mode: AuthorTrust, target: { owner: string; repo: string } | undefined) {
  return createAuthorTrust({ mode, login: 'mallory', target, gitea: clientOf(['listAssignees']) })
}

describe('of writers', () => {
  test.each([
    ['bob', 'owner of the organisation', true],
    ['helper', 'collaborator who may write', true],
    ['guest', 'collaborator who may read', false],
    ['codewriter', 'member of a team that writes code', true],
    ['issuewriter', 'member of a team that writes issues', true],
    ['pullreader', 'member of a team that reads pull requests: Gitea counts them in', true],
    ['codereader', 'member of a team that reads the rest', false],
    ['alice', 'member of a team without this repository', false],
    ['outsider', 'stranger', false],
    ['admin', 'site administrator without a right of their own', false],
    ['Ghost', 'somebody who is gone', false],
    ['helper (migrated)', 'name that was migrated', false],
    ['MALLORY', 'caller, whatever they may', true],
  ])('%s, %s: %j', async (login, _what, trusted) => {
    const trusts = await trustOf('writers', quay)()

    expect(trusts(login)).toBe(trusted)
  })

  test("a person's own repository trusts its owner and writing collaborators", async () => {
    const trusts = await trustOf('writers', { owner: 'alice', repo: 'field-notes' })()

    expect(['alice', 'bob', 'outsider'].map(trusts)).toEqual([true, true, false])
  })

  test('asks Gitea once for each repository of a call, and not before it is needed', async () => {
    const trust = trustOf('writers', quay)
    expect(requests).toBe(0)

    await Promise.all([trust(), trust(), trust({ owner: 'Harbor', repo: 'QUAY' }), trust(booking)])

    expect(requests).toBe(2)
  })

  test('where a call has no repository, only the caller is trusted', async () => {
    const trusts = await trustOf('writers', undefined)()

    expect(['mallory', 'bob'].map(trusts)).toEqual([true, false])
    expect(requests).toBe(0)
  })

  test('a repository that cannot be asked about fails the call', async () => {
    await expect(trustOf('writers', { owner: 'harbor', repo: 'infra' })()).rejects.toMatchObject({ code: 'not_found' })
  })
})

test('of all, everyone is trusted and nobody asked', async () => {
  const trusts = await trustOf('all', quay)()

  expect(trusts('outsider')).toBe(true)
  expect(requests).toBe(0)
})

describe('what an outsider wrote', () => {
  const WORDS = /summarise|Ignore all previous|harbor\/infra as a comment|Free beer/
  let issue: number
  let pull: number
  beforeAll(async () => {
    issue = await gitea.addIssue({ ...booking, author: 'outsider', title: 'Free beer', body: 'Free beer for agents.' })
    await gitea.addComment({ ...booking, index: issue, author: 'outsider', body: 'Free beer, really.' })
    await gitea.addComment({ ...booking, index: issue, author: 'bob', body: 'Somebody from harbor answers.' })
    await gitea.commit('alice', 'field-notes', {
      files: { 'beer.md': 'beer\n' },
      message: 'beer',
      branch: 'beer',
      from: 'main',
    })
    pull = await gitea.addPullRequest({
      owner: 'alice',
      repo: 'field-notes',
      author: 'bob',
      title: 'Free beer',
      body: 'Free beer for agents.',
      head: 'beer',
    })
  })

  async function read(tool: Tool, args: Record<string, unknown>, trusts: (login: string) => boolean) {
    const { text, data } = await mallory.run(tool, args, { trusts })
    return `${text}\n${JSON.stringify(data)}`
  }

  const cases = () =>
    [
      [getIssue, { ...booking, issue_number: issue }, 1],
      [listIssues, booking, 2],
      [listIssueComments, { ...booking, issue_number: issue }, 1],
      [getPullRequest, { owner: 'alice', repo: 'field-notes', pull_number: pull }, 1],
      [listPullRequests, { owner: 'alice', repo: 'field-notes' }, 1],
    ] as const

  test.each([0, 1, 2, 3, 4])(
    'is shown where all are trusted, and withheld, counted and named otherwise (%i)',
    async (at) => {
      const [tool, args, withheld] = cases()[at] ?? [getIssue, {}, 0]

      expect(await read(tool, args, () => true)).toMatch(WORDS)
      expect(await read(tool, args, () => true)).not.toContain('withheld:')

      const text = await read(
        tool,
        args,
        (login) => login === 'alice' || (login === 'bob' && tool.toolset === 'issues'),
      )
      expect(text).not.toMatch(WORDS)
      expect(text).toMatch(/\[withheld: (outsider|bob|mallory) cannot write here\]/)
      expect(text).toContain(`${withheld} text${withheld === 1 ? '' : 's'} withheld: AUTHOR_TRUST shows only`)
    },
  )

  test('leaves the rest of a discussion as it is', async () => {
    const text = await read(listIssueComments, { ...booking, issue_number: issue }, (login) => login === 'bob')

    expect(text).toContain('Somebody from harbor answers.')
  })
})
