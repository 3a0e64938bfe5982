/**
 * Every answer has exactly the fields of the recorded one, in its order, with its kinds of value. The recordings are
 * bodies of a running Gitea, lists cut to one row, under test/fixtures/gitea-live.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, type RestCall } from '../support/gitea-contract-rest.js'
import {
  createGiteaClient,
  exchangeCode,
  type GiteaClient,
  introspect,
  type OAuthReply,
  obtainCode,
  readClaims,
} from '../support/gitea-oauth-client.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { seedPeople } from '../support/seed-gitea.js'

const folder = new URL('../fixtures/gitea-live/', import.meta.url)
const booking = '/repos/harbor/booking'
const notes = '/repos/alice/field-notes'

let gitea: GiteaSandbox
let client: GiteaClient
let tokens: OAuthReply

beforeAll(async () => {
  gitea = await startGiteaSandbox({ seed: true })
  client = await createGiteaClient(gitea)
  const scope = 'openid profile email groups read:user'
  tokens = await exchangeCode(gitea, client, await obtainCode(gitea, client, seedPeople.alice, { scope }))
  const release = { tag_name: 'v0', name: 'Zero', body: 'notes' }
  await call(gitea, `${booking}/releases`, { as: 'bob', method: 'POST', body: release })
  const status = { state: 'success', context: 'ci', description: 'ok' }
  const refs = JSON.parse((await call(gitea, `${booking}/git/refs/heads/main`, { as: 'alice' })).text)
  await call(gitea, `${booking}/statuses/${refs[0].object.sha}`, { as: 'alice', method: 'POST', body: status })
})
afterAll(() => gitea.close())

// Null in one place and a value in another, depending on the data.
const nullable = new Set([
  'milestone',
  'assignee',
  'assignees',
  'due_date',
  'closed_at',
  'due_on',
  'label',
  'organization',
  'creator',
])
// Sorted lists and maps whose rows depend on the data.
const open = new Set(['labels', 'units', 'units_map', 'topics', 'groups', 'parents', 'aud', 'redirect_uris'])
// Present only when there is something to say.
const optional = new Set(['review_comments', 'previous_filename'])

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return kindOf(value) === 'object'
}

/** What differs between a recorded and a given value, as paths. */
function differences(recorded: unknown, given: unknown, path: string, key: string): string[] {
  if (kindOf(recorded) !== kindOf(given)) {
    const isOpen = nullable.has(key) && (recorded === null || given === null)
    return isOpen ? [] : [`${path}: recorded ${kindOf(recorded)}, given ${kindOf(given)}`]
  }
  if (open.has(key)) return []
  if (Array.isArray(recorded) && Array.isArray(given)) {
    return recorded.length > 0 && given.length > 0 ? differences(recorded[0], given[0], `${path}[]`, key) : []
  }
  if (!isRecord(recorded) || !isRecord(given)) return []
  const keysOf = (value: Record<string, unknown>): string[] => Object.keys(value).filter((name) => !optional.has(name))
  const [wanted, found] = [keysOf(recorded), keysOf(given)]
  if (wanted.join() !== found.join()) return [`${path}: recorded ${wanted.join()}, given ${found.join()}`]
  return wanted.flatMap((name) => differences(recorded[name], given[name], `${path}.${name}`, name))
}

const tree = `${booking}/git/trees/main`
const asAlice =
  (path: string, more: RestCall = {}): (() => Promise<unknown>) =>
  async () =>
    JSON.parse((await call(gitea, path, { as: 'alice', ...more })).text)
const send = (path: string, body: unknown): (() => Promise<unknown>) => asAlice(path, { method: 'POST', body })
const decoded = (): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(tokens.body).map(([name, value]) =>
      typeof value === 'string' && value.split('.').length === 3
        ? [name, { jwt_header: JSON.parse(atob(value.split('.')[0] ?? '')), jwt_claims: readClaims(value) }]
        : [name, value],
    ),
  )

/** Where the sandbox is asked for what was recorded. */
const asked: Readonly<Record<string, () => Promise<unknown>>> = {
  getVersion: asAlice('/version'),
  getGeneralAPISettings: asAlice('/settings/api'),
  userGetCurrent: asAlice('/user'),
  userGet: asAlice('/users/bob'),
  orgListCurrentUserOrgs: asAlice('/user/orgs'),
  orgListTeams: asAlice('/orgs/harbor/teams'),
  orgGetTeam: asAlice('/teams/2'),
  repoGet: asAlice(booking),
  repoSearch: asAlice('/repos/search'),
  repoListTopics: asAlice(`${booking}/topics`),
  repoListTeams: asAlice(`${booking}/teams`),
  repoGetRepoPermissions: asAlice(`${booking}/collaborators/alice/permission`),
  GetTree: asAlice(tree),
  GetBlob: async () => {
    const row = JSON.parse((await call(gitea, tree, { as: 'alice' })).text).tree[0]
    return asAlice(`${booking}/git/blobs/${row.sha}`)()
  },
  repoListGitRefs: asAlice(`${booking}/git/refs/heads/main`),
  repoGetContents: asAlice(`${booking}/contents/README.md`),
  'repoGetContents.dir': asAlice(`${booking}/contents/src/booking`),
  'repoGetContents.symlink': asAlice(`${notes}/contents/latest.md`),
  repoGetContentsExt: async () => {
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'4d'.repeat(32)}\nsize 12345\n`
    await gitea.commit('alice', 'field-notes', { message: 'Large file', files: { 'map.psd': pointer } })
    const includes = 'file_content,lfs_metadata,commit_metadata,commit_message'
    return asAlice(`${notes}/contents-ext/map.psd?includes=${includes}`)()
  },
  repoGetAllCommits: asAlice(`${booking}/commits?limit=1`),
  repoGetSingleCommit: asAlice(`${booking}/git/commits/main`),
  repoCompareDiff: asAlice(`${booking}/compare/main...feature%2Frefund-window`),
  repoGetBranch: asAlice(`${booking}/branches/main`),
  repoGetCombinedStatusByRef: asAlice(`${booking}/commits/main/status`),
  repoCreateRelease: async () => JSON.parse((await call(gitea, `${booking}/releases/tags/v0`, { as: 'alice' })).text),
  issueListIssues: asAlice(`${booking}/issues?type=issues`),
  issueGetIssue: asAlice(`${booking}/issues/1`),
  issueGetComments: asAlice(`${booking}/issues/1/comments`),
  issueGetCommentsAndTimeline: asAlice(`${booking}/issues/1/timeline`),
  issueListLabels: asAlice(`${booking}/labels`),
  issueGetMilestone: asAlice(`${booking}/milestones/Winter%20timetable`),
  issueCreateIssue: send(`${booking}/issues`, { title: 'Shape' }),
  issueCreateComment: send(`${booking}/issues/2/comments`, { body: 'Shape' }),
  issueAddLabel: send(`${booking}/issues/2/labels`, { labels: ['bug'] }),
  repoGetPullRequest: asAlice(`${booking}/pulls/6`),
  repoListPullRequests: asAlice(`${booking}/pulls`),
  repoGetPullRequestFiles: asAlice(`${booking}/pulls/6/files`),
  repoGetPullRequestCommits: asAlice(`${booking}/pulls/6/commits`),
  repoListPullReviews: asAlice(`${booking}/pulls/6/reviews`),
  userCreateOAuth2Application: send('/user/applications/oauth2', { name: 'x', redirect_uris: ['http://127.0.0.1/'] }),
  'oauth.discovery': async () => (await fetch(`${gitea.url}/.well-known/openid-configuration`)).json(),
  'oauth.jwks': async () => (await fetch(`${gitea.url}/login/oauth/keys`)).json(),
  'oauth.introspect.active': async () => (await introspect(gitea, client, String(tokens.body.access_token))).body,
  'oauth.userinfo': async () => {
    const headers = { authorization: `Bearer ${tokens.body.access_token}` }
    return (await fetch(`${gitea.url}/login/oauth/userinfo`, { headers })).json()
  },
  'oauth.token': async () => {
    const { id_token: _id, ...plain } = decoded()
    return plain
  },
  'oauth.token.openid': async () => decoded(),
}

test('every recording is compared', () => {
  expect(Object.keys(asked).sort()).toEqual(
    readdirSync(folder)
      .map((file) => file.replace(/\.json$/, ''))
      .sort(),
  )
})

test.each(Object.keys(asked))('%s', async (name) => {
  const recorded: unknown = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'))

  expect(differences(recorded, await asked[name]?.(), name, '')).toEqual([])
})
