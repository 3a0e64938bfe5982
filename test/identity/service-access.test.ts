import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { openStore, type Store } from '../../src/db/open.js'
import { createGiteaTransport, type GiteaClient, type GiteaTransport } from '../../src/gitea/client.js'
import { findReference } from '../../src/gitea/git-data.js'
import { createIssue, listIssues } from '../../src/gitea/issues.js'
import { type OperationName, operations } from '../../src/gitea/operations.js'
import { listMyRepositories } from '../../src/gitea/repos.js'
import { getCurrentUser } from '../../src/gitea/users.js'
import { createServiceAccess, type ServiceAccess } from '../../src/identity/service-access.js'
import { createSilentLogger } from '../../src/lib/logger.js'
import { Secret } from '../../src/lib/secret.js'
import { SECOND } from '../../src/lib/units.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { startGitea } from '../support/start-gitea.js'
import { createTempFolder } from '../support/temp-folder.js'

// Object.keys forgets the names
const NAMES = Object.keys(operations) as OperationName[]
const READS: readonly OperationName[] = ['listIssues']
const SCOPES = ['write:repository', 'write:issue', 'read:user', 'read:organization', 'read:notification']
const TTL_MS = 60 * SECOND
const people = ['codey', 'issuey', 'helper', 'sleeper'] as const

let gitea: GiteaUnderTest
let tokens: { readonly admin: string; readonly owner: string; readonly plain: string }
beforeAll(async () => {
  gitea = await startGitea()
  for (const login of people) {
    await gitea.addUser({ login, password: `${login}-passw0rd` })
  }
  await gitea.addTeam({
    org: 'harbor',
    name: 'code-readers',
    members: ['codey'],
    repositories: ['infra'],
    units: { 'repo.code': 'read' },
  })
  await gitea.addTeam({
    org: 'harbor',
    name: 'issue-writers',
    members: ['issuey'],
    repositories: ['infra'],
    units: { 'repo.issues': 'write', 'repo.pulls': 'write' },
  })
  await gitea.addCollaborator('harbor', 'infra', 'helper', 'write')
  await gitea.addCollaborator('harbor', 'infra', 'sleeper', 'write')
  await gitea.setUserState('sleeper', { prohibitLogin: true })
  tokens = {
    admin: await gitea.createToken('admin', SCOPES),
    owner: await gitea.createToken('bob', SCOPES),
    plain: await gitea.createToken('mallory', SCOPES),
  }
})
afterAll(() => gitea.close())

let now: number
let sent: OperationName[]
let transport: GiteaTransport
let store: Store
beforeEach(() => {
  now = Date.parse('2026-10-01T12:00:00Z')
  sent = []
  store = openStore({ path: `${createTempFolder()}/aegis.db`, migrationsPath: 'migrations' })
  transport = createGiteaTransport({
    baseUrl: gitea.url,
    timeoutMs: 20 * SECOND,
    maxResponseBytes: 1_000_000,
    observe: (operation) => sent.push(operation),
  })
})
afterEach(async () => {
  await transport.close()
  store.close()
})

function open(token: string, ttlMs = TTL_MS): ServiceAccess {
  return createServiceAccess({
    gitea: transport,
    token: new Secret(token),
    store,
    clock: { now: () => now },
    ttlMs,
    log: createSilentLogger(),
  })
}

/** The way of a person whom the service account looked up; disabled people are found by their own id. */
async function wayOf(service: ServiceAccess, login: string) {
  return service.forPerson((await service.findPerson(login)) ?? { accountId: 'gitea:0', login })
}

function clientOf(gitea: ReturnType<ServiceAccess['forPerson']>['gitea']): GiteaClient {
  return transport.as(gitea, { operations: NAMES, signal: AbortSignal.timeout(20 * SECOND), requestId: 'test' })
}

const infra = { owner: 'harbor', name: 'infra' }
const infraRepo = { owner: 'harbor', repo: 'infra' }

/** Who, and whether they may read and write `harbor/infra`, read its code and its issues: as Gitea itself decides. */
const TABLE = [
  ['mallory', 'stranger', { read: false, code: false, issues: false }],
  ['codey', 'in a team that reads code', { read: true, code: true, issues: false }],
  ['issuey', 'in a team that writes issues', { read: true, code: false, issues: true }],
  ['helper', 'collaborator', { read: true, code: true, issues: true }],
  ['bob', 'owner', { read: true, code: true, issues: true }],
  ['admin', 'site administrator', { read: true, code: true, issues: true }],
  ['sleeper', 'disabled collaborator', { read: false, code: false, issues: false }],
] as const

test.each(TABLE)('%s, %s, sees with an administrator’s token what Gitea shows them', async (login, _who, may) => {
  const way = await wayOf(open(tokens.admin), login)
  const client = clientOf(way.gitea)

  expect((await way.permits(infra, 'read', READS)).effect).toBe(may.read ? 'allow' : 'deny')
  expect(await succeeds(findReference(client, { ...infraRepo, name: 'heads/main' }))).toBe(may.code)
  expect(await succeeds(listIssues(client, { ...infraRepo, page: 1, limit: 5, state: 'open', labels: [] }))).toBe(
    may.issues,
  )
})

test.each(TABLE.filter(([login]) => login !== 'sleeper'))(
  '%s, %s, gets no more with an organisation owner’s token',
  async (login, _who, may) => {
    const way = await wayOf(open(tokens.owner), login)
    const client = clientOf(way.gitea)

    expect((await way.permits(infra, 'read', READS)).effect).toBe(may.read ? 'allow' : 'deny')
    expect((await way.permits(infra, 'read', ['getRefs'])).effect).toBe(may.code ? 'allow' : 'deny')
    expect((await way.permits(infra, 'write', ['createIssue'])).effect).toBe(
      may.read && login !== 'codey' ? 'allow' : 'deny',
    )
    expect(await succeeds(findReference(client, { ...infraRepo, name: 'heads/main' }))).toBe(may.code)
    expect(await succeeds(listIssues(client, { ...infraRepo, page: 1, limit: 5, state: 'open', labels: [] }))).toBe(
      may.issues,
    )
  },
)

test('with an administrator’s token Gitea takes every request as the person’s', async () => {
  const client = clientOf((await wayOf(open(tokens.admin), 'issuey')).gitea)

  const issue = await createIssue(client, infraRepo, {
    title: 'Renew the certificate',
    body: '',
    labels: [],
    assignees: [],
    milestone: undefined,
  })

  expect(issue.author).toBe('issuey')
  expect((await getCurrentUser(client)).login).toBe('issuey')
  const { items } = await listMyRepositories(client, { page: 1, limit: 50 })
  expect(items.map(({ name }) => name)).toEqual(['infra'])
})

test('without one, what is a person’s own is refused, or asked with their own sign-in', async () => {
  const service = open(tokens.owner)
  const person = await service.findPerson('codey')
  if (person === undefined) throw new Error('codey is missing')
  const own = await gitea.createToken('codey', SCOPES)
  const ownWay = { token: async () => own, renew: async () => own }

  const alone = clientOf(service.forPerson(person).gitea)
  await expect(getCurrentUser(alone)).rejects.toMatchObject({ rule: 'service_token.person' })
  await expect(listMyRepositories(alone, { page: 1, limit: 50 })).rejects.toThrow(/Name one repository/)

  const signedIn = clientOf(open(tokens.owner).forPerson(person, ownWay).gitea)
  expect((await getCurrentUser(signedIn)).login).toBe('codey')
})

test('a token that may not ask what people may do lets nobody in', async () => {
  const way = await wayOf(open(tokens.plain), 'alice')

  const booking = await way.permits({ owner: 'harbor', name: 'booking' }, 'read', READS)

  expect(booking).toMatchObject({ effect: 'deny', rule: 'repository_permission_denied' })
  expect(booking.reason).toMatch(/administrator of the repository/)
  expect(await way.permits(infra, 'read', READS)).toMatchObject({ effect: 'deny' })
})

test('a hundred calls ask once, until the answer is too old or dropped', async () => {
  const service = open(tokens.admin)
  const way = await wayOf(service, 'helper')
  const askHundred = async () => {
    sent = []
    await Promise.all(Array.from({ length: 100 }, () => way.permits(infra, 'read', READS)))
    return sent.filter((operation) => operation === 'getRepository').length
  }

  expect(await askHundred()).toBe(1)
  now += TTL_MS - 1
  expect(await askHundred()).toBe(0)
  now += 1
  expect(await askHundred()).toBe(1)
  service.forget({ repository: 'Harbor/Infra' })
  expect(await askHundred()).toBe(1)
  service.forget({ login: 'HELPER' })
  expect(await askHundred()).toBe(1)
  service.forget({ login: 'mallory' })
  expect(await askHundred()).toBe(0)
})

test('a login that is another person’s now opens nothing', async () => {
  const { permits, gitea: credential } = open(tokens.admin).forPerson({ accountId: 'gitea:4711', login: 'helper' })

  expect(await permits(infra, 'read', READS)).toMatchObject({ effect: 'deny' })
  await expect(getCurrentUser(clientOf(credential))).rejects.toThrow(/renamed or deleted/)
})

test('a disabled person is refused when the remembered answer has aged', async () => {
  await gitea.addUser({ login: 'leaver', password: 'leaver-passw0rd' })
  await gitea.addCollaborator('harbor', 'infra', 'leaver', 'read')
  const way = await wayOf(open(tokens.admin), 'leaver')
  expect(await way.permits(infra, 'read', READS)).toMatchObject({ effect: 'allow' })

  await gitea.setUserState('leaver', { prohibitLogin: true })
  now += TTL_MS

  expect(await way.permits(infra, 'read', READS)).toMatchObject({ effect: 'deny' })
  await expect(getCurrentUser(clientOf(way.gitea))).rejects.toThrow(/disabled/)
})

test('while Gitea does not answer, nobody may do anything, and that is not remembered', async () => {
  const service = open(tokens.admin)
  const way = await wayOf(service, 'helper')
  const down = createGiteaTransport({ baseUrl: 'http://127.0.0.1:9', timeoutMs: SECOND, maxResponseBytes: 1000 })
  const blind = createServiceAccess({
    gitea: down,
    token: new Secret(tokens.admin),
    store,
    clock: { now: () => now },
    ttlMs: TTL_MS,
    log: createSilentLogger(),
  })
  const person = await service.findPerson('helper')
  if (person === undefined) throw new Error('helper is missing')

  expect(await blind.forPerson(person).permits(infra, 'read', READS)).toMatchObject({ effect: 'deny' })
  expect(await way.permits(infra, 'read', READS)).toMatchObject({ effect: 'allow' })
  await down.close()
})

test.each(['admin', 'owner'] as const)('a renamed repository keeps its people apart (%s)', async (kind) => {
  const name = `dock-${kind}`
  await gitea.addRepository({ owner: 'harbor', name, private: true, files: { 'a.txt': 'a' } })
  await gitea.addCollaborator('harbor', name, 'helper', 'read')
  await gitea.renameRepository('harbor', name, `quay-${kind}`)
  const service = open(tokens[kind])
  const ask = async (login: string) => (await wayOf(service, login)).permits({ owner: 'harbor', name }, 'read', READS)

  expect(await ask('helper')).toMatchObject({ effect: 'allow' })
  const outsider = await ask('mallory')
  expect(outsider.effect).toBe('deny')
  expect(outsider.reason).not.toContain('quay')
})

/** A repository that is hidden has no refs, and a refused request fails. */
async function succeeds(asked: Promise<unknown>): Promise<boolean> {
  return asked.then(
    (answer) => answer !== undefined,
    () => false,
  )
}
