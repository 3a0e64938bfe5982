import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBrowser } from '../support/browser.js'
import { postForm } from '../support/connect-client.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { reachConsent } from '../support/reach-consent.js'
import { readAudit } from '../support/read-audit.js'
import { seedPeople } from '../support/seed-gitea.js'
import { findFreePort, startAegis } from '../support/start-aegis.js'

const REDIRECT = 'https://chatgpt.com/connector_platform_oauth_redirect'
const SECRET = 'secret-of-the-python-original'
const EARLIER = {
  'chatgpt-1': { client_id: 'chatgpt-1', client_secret: SECRET, client_name: 'ChatGPT', redirect_uris: [REDIRECT] },
  'broken-1': { client_id: 'broken-1', redirect_uris: ['http://elsewhere.example/callback'] },
}

let gitea: GiteaSandbox
let folder: string
let path: string

beforeAll(async () => {
  gitea = await startGiteaSandbox({ seed: true })
  folder = mkdtempSync(join(tmpdir(), 'aegis-import-'))
  path = join(folder, 'dcr_clients.json')
}, 60_000)

afterAll(async () => {
  await gitea.close()
  rmSync(folder, { recursive: true, force: true })
})

async function start() {
  const port = await findFreePort()
  const application = await gitea.createOAuthApplication({
    name: `Aegis ${port}`,
    redirectUris: [`http://127.0.0.1:${port}/oauth/callback`],
    confidential: true,
    owner: seedPeople.admin.login,
  })
  return startAegis({
    folder,
    gitea: { url: gitea.url, ...application },
    port,
    settings: { DCR_STORAGE_PATH: path },
  })
}

test('a file that is no list of clients is named in the log and stops nothing', async () => {
  writeFileSync(path, '{"clients":')
  const aegis = await start()
  await aegis.close()

  expect(aegis.logLines.find((line) => line.includes('clients_not_imported'))).toContain(path)
})

test('a client that was set up with the Python original signs people in with its id and secret, sent in the form', async () => {
  writeFileSync(path, JSON.stringify(EARLIER))
  const aegis = await start()
  const line = aegis.logLines.find((text) => text.includes('"clients_imported"'))
  expect(JSON.parse(line ?? '{}')).toMatchObject({ clients: 1, known: 0, refused: [{ clientId: 'broken-1' }] })
  expect(aegis.logLines.join('')).not.toContain(SECRET)
  expect((await readAudit(aegis)).some(({ reason }) => reason === 'clients_imported')).toBe(true)
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(EARLIER)

  const verifier = randomBytes(32).toString('base64url')
  const authorize = new URL('/authorize', aegis.url)
  authorize.search = new URLSearchParams({
    response_type: 'code',
    client_id: 'chatgpt-1',
    redirect_uri: REDIRECT,
    scope: 'read:repository',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString()
  const browser = createBrowser()
  const consent = await reachConsent(browser, authorize.href, seedPeople.alice)
  const decided = await browser.submit(consent, {}, { name: 'decision', value: 'allow' })
  const back = await browser.settle(decided, (next) => next.href.startsWith(REDIRECT))
  const code = new URL(back.location ?? '').searchParams.get('code') ?? ''
  const fields = {
    grant_type: 'authorization_code',
    client_id: 'chatgpt-1',
    client_secret: SECRET,
    code,
    redirect_uri: REDIRECT,
  }
  const wrong = await postForm(`${aegis.url}/oauth/token`, { ...fields, client_secret: 'x', code_verifier: verifier })
  expect(wrong.status).toBe(401)
  const tokens = await postForm(`${aegis.url}/oauth/token`, { ...fields, code_verifier: verifier })
  const { access_token: token } = Object(await tokens.json())
  expect(tokens.status).toBe(200)
  const called = await fetch(`${aegis.url}/mcp/tool/call`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: '{"tool":"list_repositories","arguments":{}}',
  })
  expect([called.status, Object(await called.json()).success]).toEqual([200, true])

  authorize.searchParams.delete('code_challenge')
  authorize.searchParams.delete('code_challenge_method')
  const unguarded = await fetch(authorize, { redirect: 'manual' })
  expect(unguarded.headers.get('location') ?? '').not.toContain('/interaction/')
  await aegis.close()
})

test('the file is read once: a client that was taken away afterwards does not come back', async () => {
  const aegis = await start()
  aegis.app.store.sqlite.prepare("DELETE FROM oauth_client WHERE id = 'chatgpt-1'").run()
  await aegis.close()
  const again = await start()
  const left = again.app.store.sqlite.prepare('SELECT id FROM oauth_client').all()
  await again.close()

  expect(left).toEqual([])
  expect(again.logLines.join('')).not.toContain('clients_imported')
})
