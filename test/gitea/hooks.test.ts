import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { HookPlace } from '../../src/gitea/hook-place.js'
import { createHookClient } from '../../src/gitea/hooks.js'
import { AppError } from '../../src/lib/errors.js'
import { Secret } from '../../src/lib/secret.js'
import type { FaultRule } from '../support/gitea-sandbox/faults.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { findFreePort } from '../support/start-aegis.js'

const booking: HookPlace = { kind: 'repository', owner: 'harbor', repo: 'booking' }

let gitea: GiteaSandbox
let token: string

beforeAll(async () => {
  gitea = await startGiteaSandbox({ seed: true })
  token = await gitea.createToken('bob', ['all'])
})
afterEach(() => gitea.fault(null))
afterAll(() => gitea.close())

const client = (giteaUrl = gitea.url, own = token) => createHookClient({ giteaUrl, token: new Secret(own) })

async function refusalOf(work: Promise<unknown>): Promise<AppError> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  return thrown instanceof AppError ? thrown : expect.fail(`no refusal: ${String(thrown)}`)
}

const FAULTS: readonly (readonly [FaultRule, string, RegExp])[] = [
  [{ status: 401, body: '{"message":"user does not exist"}' }, 'unauthenticated', /does not know this token/],
  [
    { status: 403, body: '{"message":"token does not have at least one of required scope(s)"}' },
    'forbidden',
    /lacks the scope read:repository. Make one with write:repository/,
  ],
  [{ status: 403, body: '{"message":"webhooks disabled by administrator"}' }, 'forbidden', /DISABLE_WEBHOOKS/],
  [{ status: 403, body: '{"message":"no"}' }, 'forbidden', /an administrator of the repository/],
  [{ status: 404, body: '{"message":"not found"}' }, 'not_found', /no harbor\/booking/],
  [{ status: 301, headers: { location: '/elsewhere' }, body: '' }, 'not_found', /another name now/],
  [{ status: 422, body: '{"message":"Invalid url"}' }, 'invalid_input', /Look at its address/],
  [{ status: 500, body: '{"message":"boom"}' }, 'upstream_failed', /HTTP 500/],
  [{ html: true, status: 200 }, 'upstream_failed', /a proxy stands before it/],
  [{ status: 200, body: '[{"id":"x"}]' }, 'upstream_failed', /a proxy stands before it/],
]

test.each(FAULTS)('%j is told in words that help, and without the token', async (fault, code, words) => {
  const body = typeof fault.body === 'string' ? fault.body.replace('no', `no ${token}`) : fault.body
  gitea.fault({ ...fault, ...(body === undefined ? {} : { body }) })

  const refusal = await refusalOf(client().list(booking))

  expect(refusal.code).toBe(code)
  expect(refusal.message).toMatch(words)
  expect(`${refusal.message} ${refusal.detail}`).not.toContain(token)
})

test('a Gitea that is not there is told as that', async () => {
  const refusal = await refusalOf(client(`http://127.0.0.1:${await findFreePort()}`).list(booking))

  expect(refusal.message).toMatch(/cannot be reached at http:\/\/127\.0\.0\.1/)
})

test('all pages of a long list come, and a list without pages comes once', async () => {
  const settings = { url: 'http://127.0.0.1:9/hook', events: ['push'], isActive: true, secret: new Secret('a-secret') }
  for (let made = 0; made < 53; made += 1) {
    await client().create(booking, settings)
  }
  const admin = client(gitea.url, await gitea.createToken('admin', ['all']))
  await admin.create({ kind: 'instance' }, settings)

  const found = await client().list(booking)

  expect(new Set(found.map(({ id }) => id)).size).toBe(53)
  expect(await admin.list({ kind: 'instance' })).toHaveLength(1)
})
