import { expect, test } from 'vitest'
import { createApiKeys } from '../../src/identity/api-keys.js'
import { systemClock } from '../../src/lib/clock.js'
import { DAY } from '../../src/lib/units.js'
import { PERSON, useDoctorGround } from './doctor-ground.js'

const ground = useDoctorGround()
const NO_LIMITS = { readOnly: false, repositories: null, expiresAt: null }
const SCOPES = ['read:user', 'read:organization', 'read:repository', 'read:issue', 'read:notification']

test('without keys there is nothing to say about them', async () => {
  const place = await ground.install()

  const { findings } = await place.doctor()

  expect(findings.filter(({ section }) => section === 'API keys')).toEqual([])
})

test('keys that grew old, and keys of people for whom nothing leads to Gitea, are named', async () => {
  const place = await ground.install()
  const { app } = await place.start()
  const before = createApiKeys(app.store, { now: () => systemClock.now() - 100 * DAY })
  const key = { person: { accountId: 'gitea:999', login: 'gone' }, name: 'Old', scopes: ['read:repository'] } as const
  const { record } = before.create({ ...key, grant: NO_LIMITS })

  const { code, trouble } = await place.doctor()

  expect(code).toBe(1)
  expect(trouble).toContain(`Older than 90 days: ${record.id} (${record.hint}). aegis keys rotate`)
  expect(trouble).toMatch(new RegExp(`gone has no sign-in kept here.*${record.id}.*GITEA_TOKEN`))
})

test('with GITEA_TOKEN Gitea is asked whether the people of keys are there', async () => {
  await ground.gitea.addUser({ login: 'root', password: 'root-passw0rd', admin: true })
  const settings = {
    GITEA_TOKEN: await ground.gitea.createToken('root', SCOPES),
    MCP_API_KEYS: `${PERSON.login}:${'a'.repeat(40)},nobody:${'b'.repeat(40)}`,
  }
  const place = await ground.install(settings)
  await place.start()

  const { findings } = await place.doctor()

  const found = findings.filter(({ section }) => section === 'API keys')
  expect(found).toEqual([
    expect.objectContaining({ status: 'ok', found: expect.stringContaining('2 in settings') }),
    expect.objectContaining({ status: 'failed', found: expect.stringMatching(/no account nobody.*MCP_API_KEYS/) }),
  ])
})

test('what lets people in without a header is warned about', async () => {
  const token = await ground.gitea.createToken(PERSON.login, SCOPES)
  const place = await ground.install()

  const { trouble } = await place.doctor({
    GITEA_TOKEN: token,
    AUTH_ENABLED: 'false',
    MCP_API_KEY_USER: PERSON.login,
    ALLOW_QUERY_API_KEY: 'true',
  })

  expect(trouble).toMatch(/AUTH_ENABLED=false: everyone who reaches this server works as alice/)
  expect(trouble).toMatch(/ALLOW_QUERY_API_KEY is on: keys in addresses end up in the logs/)
})
