import { afterAll, beforeAll, expect, test } from 'vitest'
import { HOUR } from '../../src/lib/units.js'
import type { ClientDocuments } from '../../src/oauth/client-documents.js'
import { readClientMetadata } from '../../src/oauth/client-metadata.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { reachConsent } from '../support/reach-consent.js'
import { checkAudit, readAudit } from '../support/read-audit.js'
import { seedPeople } from '../support/seed-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'
import { runAegis } from './run-aegis.js'

const DOCUMENT = 'https://client.example/oauth/client.json'
const { alice, bob } = seedPeople

/** The one client that has a document, without the internet. */
const documents: ClientDocuments = {
  load: async () => {
    const read = readClientMetadata(
      { client_id: DOCUMENT, client_name: 'With a document', redirect_uris: ['http://127.0.0.1:7777/callback'] },
      { source: 'document', allowlist: new Set() },
    )
    if (!read.ok) {
      throw new Error(read.description)
    }
    return { metadata: read.metadata, maxAgeMs: HOUR }
  },
  close: async () => {},
}

let stack: Stack<GiteaSandbox>
beforeAll(async () => {
  stack = await startStack(await startGiteaSandbox({ seed: true }), { documents })
})
afterAll(async () => {
  await checkAudit(stack.aegis)
  await stack.close()
  await stack.gitea.close()
})

/** The command, beside the running server. */
const clients = (...args: string[]) =>
  runAegis(['clients', ...args], { cwd: stack.folder, env: { DATABASE_PATH: stack.aegis.databasePath } })

const list = async (): Promise<Record<string, unknown>[]> => JSON.parse((await clients('list', '--json')).stdout)
const find = async (id: string) => (await list()).find((client) => client.id === id)

/** Consents that spare people the question. */
const countRemembered = (clientId: string) =>
  stack.aegis.app.store.sqlite.prepare('SELECT count(*) FROM oauth_approval WHERE client_id = ?').pluck().get(clientId)

function refresh({ refreshToken, clientId }: { readonly refreshToken: string; readonly clientId: string }) {
  return fetch(`${stack.url}/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId }),
  })
}

test('lists every client with how it came here, who allowed it and when it last got a token', async () => {
  const first = await stack.connect(alice, { clientName: 'Desk' })
  await stack.connect(bob, { clientId: first.clientId })
  await stack.connect(alice, { clientId: DOCUMENT })

  expect(await find(first.clientId)).toEqual({
    id: first.clientId,
    name: 'Desk',
    source: 'registration',
    createdAt: expect.stringMatching(/^20/),
    lastUsedAt: expect.stringMatching(/^20/),
    people: 2,
    grants: 2,
  })
  expect(await find(DOCUMENT)).toMatchObject({ source: 'document', name: 'With a document', people: 1, grants: 1 })
  const { stdout } = await clients('list')
  expect(stdout).toMatch(
    new RegExp(`${first.clientId}  Desk\n  registered itself 20.*\n  allowed by 2 people, 2 grants`),
  )
  expect(stdout).not.toMatch(/agm_(at|rt|ac)_/)
})

test('a client that registered itself is gone with the next request of the running server', async () => {
  const desk = await stack.connect(alice, { clientName: 'Gone' })
  expect((await stack.call(desk, 'get_me')).status).toBe(200)

  const said = await clients('revoke', desk.clientId, '--by', 'carol')

  expect(said).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Gone \(.*\): 1 grant revoked\. It is deleted/),
  })
  expect((await stack.call(desk, 'get_me')).status).toBe(401)
  expect((await refresh(desk)).status).toBeGreaterThanOrEqual(400)
  expect(await find(desk.clientId)).toBeUndefined()
  const again = await fetch(`${stack.url}/authorize?client_id=${desk.clientId}&response_type=code`)
  expect(await again.text()).toContain('This request was refused')
  await expect
    .poll(async () => (await readAudit(stack.aegis)).find(({ reason }) => reason === 'client_revoked'), {
      timeout: 5000,
    })
    .toMatchObject({
      actor: { client: desk.clientId, client_name: 'Gone' },
      details: { grants: 1, deleted: true, by: 'carol' },
    })
})

test('a client with a document stays known, and every person is asked again', async () => {
  const first = await stack.connect(alice, { clientId: DOCUMENT })
  expect(countRemembered(DOCUMENT)).toBe(1)

  const said = await clients('revoke', DOCUMENT)

  expect(said.stdout).toContain('It has to be agreed to again.')
  expect((await stack.call(first, 'get_me')).status).toBe(401)
  expect(await find(DOCUMENT)).toMatchObject({ people: 0, grants: 0 })
  expect(countRemembered(DOCUMENT)).toBe(0)
  const second = await stack.connect(alice, { clientId: DOCUMENT })
  expect((await stack.call(second, 'get_me')).status).toBe(200)
})

test('a consent page that was open leads nowhere', async () => {
  const { browser } = await stack.connect(alice, { clientId: DOCUMENT })
  const authorize = new URL('/authorize', stack.url)
  authorize.search = new URLSearchParams({
    response_type: 'code',
    client_id: DOCUMENT,
    redirect_uri: 'http://127.0.0.1:7777/callback',
    scope: 'read:repository',
    state: 'state',
    code_challenge: 'a'.repeat(43),
    code_challenge_method: 'S256',
  }).toString()
  const page = await reachConsent(browser, authorize.href, alice)

  await clients('revoke', DOCUMENT)
  const decided = await browser.submit(page, {}, { name: 'decision', value: 'allow' })

  expect(decided.location ?? '').not.toContain('code=')
  expect(await find(DOCUMENT)).toMatchObject({ grants: 0 })
})

test('with --person only what that person allowed goes', async () => {
  const hers = await stack.connect(alice, { clientName: 'Shared' })
  const his = await stack.connect(bob, { clientId: hers.clientId })

  const said = await clients('revoke', hers.clientId, '--person', 'ALICE')

  expect(said.stdout).toContain('1 grant of alice revoked. It has to be agreed to again.')
  expect((await stack.call(hers, 'get_me')).status).toBe(401)
  expect((await stack.call(his, 'get_me')).status).toBe(200)
  expect(await find(hers.clientId)).toMatchObject({ people: 1 })
})

test.each([
  [[], 2, 'Name what to do'],
  [['list', '--by', 'x'], 2, 'not a way'],
  [['revoke'], 2, 'not a way'],
  [['revoke', 'agm_cl_nothing'], 1, 'There is no client agm_cl_nothing. See `aegis clients list`'],
  [['revoke', DOCUMENT, '--person', 'nobody'], 1, 'Nobody called nobody has signed in here'],
])('refuses %j', async (args, code, words) => {
  expect(await clients(...args)).toMatchObject({ code, stderr: expect.stringContaining(words) })
})
