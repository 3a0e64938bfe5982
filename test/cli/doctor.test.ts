import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { connectClient } from '../support/connect-client.js'
import { PERSON, useDoctorGround } from './doctor-ground.js'
import { runAegis } from './run-aegis.js'

const ground = useDoctorGround()

test('with everything in order it walks to Gitea’s door and says so', async () => {
  const place = await ground.install()
  await place.start()

  const run = await runAegis(['doctor'], { cwd: place.folder, env: place.settings })

  expect(run).toMatchObject({ code: 0, stderr: '' })
  expect(run.stdout).toContain('Everything a sign-in needs is in place.')
  expect(run.stdout).not.toMatch(/[✗!]/)
  for (const step of ['settings', 'database', 'keys', 'policy', 'Gitea answers', 'redirect address', 'introspection']) {
    expect(run.stdout).toContain(`✓ ${step}: `)
  }
  expect(run.stdout).toContain(`✓ way to sign in: leads to ${ground.gitea.url}`)
  expect(run.stdout).toContain('– a call: give an access token')
})

test('given a token it makes a call', async () => {
  const place = await ground.install()
  await place.start()
  const { accessToken } = await connectClient(place.url, { person: PERSON })

  const good = await place.doctor({ AEGIS_DOCTOR_TOKEN: accessToken })
  const bad = await place.doctor({ AEGIS_DOCTOR_TOKEN: 'not-a-token' })

  expect(good.code).toBe(0)
  expect(good.findings.at(-1)).toMatchObject({ step: 'a call', status: 'ok' })
  expect(good.findings.at(-1)?.found).toContain(PERSON.login)
  expect(bad.code).toBe(1)
  expect(bad.trouble).toMatch(/a call: The token is not, or no longer, valid here/)
})

test('a server that does not run is said, after everything else was checked', async () => {
  const place = await ground.install()

  const { code, findings, trouble } = await place.doctor()

  expect(code).toBe(1)
  expect(trouble).toMatch(/^server answers: It is not running: .*Start it with aegis serve/)
  expect(findings.filter(({ section, status }) => section === 'Gitea' && status === 'ok')).toHaveLength(8)
  expect(findings.filter(({ section }) => section === 'Files').map(({ found }) => found)).toEqual([
    expect.stringContaining('will be made at the first start'),
    expect.stringContaining('will be made at the first start'),
    expect.stringContaining('can be used'),
  ])
})

test('tools that the settings leave out or this Gitea cannot serve are named', async () => {
  const place = await ground.install()
  const described = Object(await (await fetch(`${ground.gitea.url}/swagger.v1.json`)).json())
  const { '/repos/{username}/{reponame}/branches': _list, ...paths } = described.paths
  const toolsOf = async (settings: Record<string, string>) =>
    (await place.doctor(settings)).findings.find(({ step }) => step === 'tools')

  expect(await toolsOf({ TOOLSETS: 'issues' })).toMatchObject({
    status: 'ok',
    found: expect.stringMatching(/^\d+ of \d+; /),
  })
  expect(await toolsOf({ TOOLSETS: 'issue' })).toMatchObject({
    status: 'failed',
    found: expect.stringContaining('Did you mean issues?'),
  })
  ground.gitea.fault({ path: '/swagger.v1.json', body: JSON.stringify({ paths }) })
  expect(await toolsOf({})).toMatchObject({ status: 'warning', found: expect.stringContaining('list_branches') })
  ground.gitea.fault({ path: '/swagger.v1.json', status: 404 })
  expect(await toolsOf({})).toMatchObject({ status: 'skipped' })
  ground.gitea.fault(null)
})

test('checking makes no file', async () => {
  const place = await ground.install()

  await place.doctor()

  expect(readdirSync(place.folder)).toEqual(['policy.yaml'])
})

test('wrong settings are all named, with where to change them', async () => {
  const place = await ground.install()

  const { code, findings, trouble } = await place.doctor({ GITEA_URL: undefined, MCP_PORT: 'many', MCP_API_KEY: 'x' })

  expect(code).toBe(1)
  expect(trouble).toMatch(/GITEA_URL is missing.*aegis setup makes one/)
  expect(trouble).toMatch(/MCP_PORT must be a whole number/)
  expect(trouble).toMatch(/MCP_API_KEY is set, and means nothing in this version\. Remove it/)
  expect(findings.every(({ section }) => section === 'Settings')).toBe(true)
})

test('a TLS proxy whose client addresses are not believed is pointed out', async () => {
  const place = await ground.install()
  const https = { PUBLIC_BASE_URL: 'https://mcp.example.invalid' }

  const unset = await place.doctor(https)
  const set = await place.doctor({ ...https, TRUSTED_PROXIES: '127.0.0.1' })

  expect(unset.trouble).toMatch(/TRUSTED_PROXIES is empty, so all clients count as the one address of the TLS proxy/)
  expect(set.trouble).not.toContain('TRUSTED_PROXIES')
})

test('secrets that others can read are named', async () => {
  const place = await ground.install()
  await place.start()
  await place.stop()
  writeFileSync(join(place.folder, '.env'), '', { mode: 0o644 })
  const key = join(place.folder, 'data', 'keys', 'audit-signing.json')
  chmodSync(key, 0o644)

  const { trouble } = await place.doctor()

  expect(trouble).toMatch(/settings: .*\.env holds secrets and other users can read it\. chmod 600/)
  expect(trouble).toMatch(/keys: Other users can read audit-signing\.json .*chmod 600/)
})

test('files that the server could not use are named', async () => {
  const place = await ground.install()
  await place.start()
  await place.stop()
  const database = join(place.folder, 'data', 'aegis.db')
  const keys = join(place.folder, 'data', 'keys')

  writeFileSync(join(place.folder, 'policy.yaml'), 'defaults:\n  read: perhaps\n')
  writeFileSync(join(keys, 'audit-signing.json'), 'nonsense')
  const broken = await place.doctor()
  rmSync(join(keys, 'token-encryption.json'))
  const missing = await place.doctor()
  const sqlite = new Database(database)
  sqlite.prepare("INSERT INTO migration (name, sha256) VALUES ('9999_later.sql', 'x')").run()
  sqlite.close()
  const newer = await place.doctor()
  writeFileSync(database, 'this is no database, and it is long enough to be looked at as one'.repeat(20))
  const damaged = await place.doctor()

  expect(broken.trouble).toMatch(/policy: .*policy\.yaml:2:9/s)
  expect(broken.trouble).toMatch(/keys: .*is not a key file\. Restore/)
  expect(missing.trouble).toMatch(/keys: A key file is missing .*Restore the keys from a backup/)
  expect(newer.trouble).toMatch(/database: .*written by another version \(9999_later\.sql\)/)
  expect(damaged.trouble).toMatch(/database: .*cannot be read.*Restore a backup/s)
})

test('a folder in which no database can be made is named', async () => {
  const place = await ground.install()
  const blocked = join(place.folder, 'file')
  writeFileSync(blocked, '')
  mkdirSync(join(place.folder, 'odd.db'))

  const inFile = await place.doctor({ DATABASE_PATH: join(blocked, 'aegis.db') })
  const isFolder = await place.doctor({ DATABASE_PATH: join(place.folder, 'odd.db') })

  expect(inFile.trouble).toMatch(/database: .*cannot be made/)
  expect(isFolder.trouble).toMatch(/database: .*cannot be read/)
})
