import { beforeAll, expect, test } from 'vitest'
import { useDoctorGround } from './doctor-ground.js'

const ground = useDoctorGround()
const FEW = ['read:user', 'read:organization', 'read:repository', 'read:issue', 'read:notification']

beforeAll(async () => {
  await ground.gitea.addUser({ login: 'steward', password: 'steward-passw0rd', admin: true })
  await ground.gitea.addUser({ login: 'robot', password: 'robot-passw0rd' })
})

/** What doctor says of a service token, by step. */
async function findingsFor(token: string, settings: Record<string, string> = {}) {
  const place = await ground.install({ GITEA_TOKEN: token, ...settings })
  const { findings } = await place.doctor()
  expect(JSON.stringify(findings)).not.toContain(token)
  const of = (step: string) => findings.find((finding) => finding.step === step)
  return { token: of('service token'), sudo: of('acting as people'), power: of('service token’s power') }
}

test('a site administrator’s token with few scopes is in order', async () => {
  const found = await findingsFor(await ground.gitea.createToken('steward', FEW))

  expect(found.token).toMatchObject({ status: 'ok', found: expect.stringContaining('steward') })
  expect(found.sudo).toMatchObject({ status: 'ok' })
  expect(found.power).toMatchObject({ status: 'ok' })
})

test('power that is not needed is named', async () => {
  const all = await findingsFor(await ground.gitea.createToken('steward', ['all']))
  const admin = await findingsFor(await ground.gitea.createToken('steward', [...FEW, 'write:admin']))

  expect(all.power).toMatchObject({ status: 'warning', found: expect.stringContaining('all') })
  expect(admin.power).toMatchObject({ status: 'warning', found: expect.stringContaining('write:admin') })
})

test('scopes that writing needs are missed only where writing is on', async () => {
  const token = await ground.gitea.createToken('steward', FEW)

  const found = await findingsFor(token, { WRITE_MODE: 'true', WRITE_ALLOW_ALL_TOKEN_REPOS: 'true' })

  expect(found.power).toMatchObject({ status: 'failed', found: expect.stringContaining('write:repository') })
})

test('a token that cannot act as people is said to be second best', async () => {
  const found = await findingsFor(await ground.gitea.createToken('robot', FEW))

  expect(found.sudo).toMatchObject({ status: 'warning', fix: expect.stringContaining('site administrator') })
})

test('a token that Gitea does not take is named', async () => {
  const gone = await findingsFor('0'.repeat(40))
  const blind = await findingsFor(await ground.gitea.createToken('steward', ['read:repository']))

  expect(gone.token).toMatchObject({ status: 'failed', found: expect.stringContaining('does not know') })
  expect(blind.token).toMatchObject({ status: 'failed', fix: expect.stringContaining('read:user') })
})
