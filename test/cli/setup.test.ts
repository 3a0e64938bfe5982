import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config/config.js'
import { createBrowser } from '../support/browser.js'
import { signInAtGitea } from '../support/sign-in-at-gitea.js'
import { createTempFolder } from '../support/temp-folder.js'
import { runAegis } from './run-aegis.js'
import { PASSWORD, PUBLIC_URL, useSetupGround } from './setup-ground.js'

const ground = useSetupGround()

function readSettings(folder: string): NodeJS.ProcessEnv {
  return parseEnv(readFileSync(join(folder, '.env'), 'utf8'))
}

test('makes a confidential application with the right redirect and settings that the server starts with', async () => {
  const folder = createTempFolder()

  const run = await ground.setUp(folder)

  expect(run).toMatchObject({ code: 0, stderr: '' })
  const settings = readSettings(folder)
  const config = loadConfig(settings)
  expect(config).toMatchObject({
    publicBaseUrl: PUBLIC_URL,
    gitea: { url: ground.gitea.url },
    write: { enabled: false },
  })
  expect(await ground.listApplications()).toMatchObject([
    { name: 'AegisGitea MCP', client_id: config.gitea.clientId, redirect_uris: [`${PUBLIC_URL}/oauth/callback`] },
  ])
  expect(config.oauth.stateSecret.reveal()).toMatch(/^[0-9a-f]{64}$/)
  expect(config.trustedProxies.check('127.0.0.1')).toBe(true)
})

test('people can sign in with what it made', async () => {
  const folder = createTempFolder()
  await ground.setUp(folder)
  const { GITEA_OAUTH_CLIENT_ID: id = '', GITEA_OAUTH_CLIENT_SECRET: secret = '' } = readSettings(folder)
  const redirect = `${PUBLIC_URL}/oauth/callback`
  const query = new URLSearchParams({
    client_id: id,
    redirect_uri: redirect,
    response_type: 'code',
    scope: 'read:user',
  })

  const end = await signInAtGitea(createBrowser(), `${ground.gitea.url}/login/oauth/authorize?${query}`, {
    login: ground.login,
    password: PASSWORD,
  })
  const code = new URL(end.location ?? '').searchParams.get('code') ?? ''
  const response = await fetch(`${ground.gitea.url}/login/oauth/access_token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: id,
      client_secret: secret,
      redirect_uri: redirect,
      code,
    }),
  })

  expect(response.status).toBe(200)
})

test('the settings can be read by their owner alone, and nothing else is left behind', async () => {
  const folder = createTempFolder()

  await ground.setUp(folder)

  expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder)).toEqual(['.env'])
})

test('neither the password nor a token is printed or kept', async () => {
  const token = await ground.gitea.createToken(ground.login, ['write:user'])
  const withPassword = createTempFolder()
  const withToken = createTempFolder()

  const first = await ground.setUp(withPassword, '--app-name', 'one')
  const second = await runAegis(['setup', ...ground.flags(), '--token-stdin', '--app-name', 'two'], {
    cwd: withToken,
    stdin: `${token}\n`,
  })

  expect([first.code, second.code]).toEqual([0, 0])
  const everything = [first, second]
    .flatMap(({ stdout, stderr }) => [stdout, stderr])
    .concat(readFileSync(join(withPassword, '.env'), 'utf8'), readFileSync(join(withToken, '.env'), 'utf8'))
    .join('\n')
  expect(everything).not.toContain(PASSWORD)
  expect(everything).not.toContain(token)
  const secret = readSettings(withPassword).GITEA_OAUTH_CLIENT_SECRET ?? '-'
  expect(first.stdout).not.toContain(secret)
})

test('tells how to start, check and connect, and whose the application is', async () => {
  const { stdout } = await ground.setUp(createTempFolder())

  expect(stdout).toContain('aegis serve')
  expect(stdout).toContain('aegis doctor')
  expect(stdout).toContain(`claude mcp add --transport http aegis-gitea ${PUBLIC_URL}/mcp`)
  expect(stdout).toContain(`code --add-mcp '{"name":"aegis-gitea","type":"http","url":"${PUBLIC_URL}/mcp"}'`)
  expect(stdout).toMatch(/ChatGPT .*paste/)
  expect(stdout).toContain(`belongs to ${ground.login}`)
  expect(stdout).toContain('goes away with that account')
})

test('an address on this computer becomes the listening one', async () => {
  const folder = createTempFolder()

  const run = await runAegis(['setup', ...ground.flags('http://localhost:9123/'), '--username', ground.login], {
    cwd: folder,
    env: { AEGIS_SETUP_PASSWORD: PASSWORD },
  })

  expect(loadConfig(readSettings(folder))).toMatchObject({
    publicBaseUrl: 'http://localhost:9123',
    listen: { host: '127.0.0.1', port: 9123 },
  })
  expect(run.stdout).toContain('Claude and ChatGPT reach public https addresses only')
})

test('repositories that may be changed are entered as given', async () => {
  const folder = createTempFolder()

  await ground.setUp(folder, '--write-repos', 'acme/web, acme/api')

  const { write } = loadConfig(readSettings(folder))
  expect(write.enabled).toBe(true)
  expect([...write.repositories]).toEqual(['acme/web', 'acme/api'])
})

test('asks for what is not given, again after a wrong answer, and never shows the password', async () => {
  const folder = createTempFolder()

  const run = await runAegis(['setup'], {
    cwd: folder,
    typing: [
      [/Address of your Gitea/, new URL(ground.gitea.url).host],
      [/with its scheme[\s\S]*Address of your Gitea/, ground.gitea.url],
      [/AI clients will use/, 'http://mcp.example.org'],
      [/must start with https[\s\S]*AI clients will use/, PUBLIC_URL],
      [/user name/, ground.login],
      [/Password/, PASSWORD],
    ],
  })

  expect(run).toMatchObject({ code: 0, stderr: '' })
  expect(run.stdout).not.toContain(PASSWORD)
  expect(loadConfig(readSettings(folder)).publicBaseUrl).toBe(PUBLIC_URL)
})

test('at a terminal an application of that name gets a new secret only after a yes', async () => {
  await ground.setUp(createTempFolder())
  const typing = (answer: string) => [[/new secret\?/, answer] as const]
  const args = ['setup', ...ground.flags(), '--username', ground.login]
  const env = { AEGIS_SETUP_PASSWORD: PASSWORD }
  const refused = createTempFolder()
  const agreed = createTempFolder()

  const no = await runAegis(args, { cwd: refused, env, typing: typing('') })
  const yes = await runAegis(args, { cwd: agreed, env, typing: typing('y') })

  expect(no.code).toBe(1)
  expect(readdirSync(refused)).toEqual([])
  expect(yes.code).toBe(0)
  expect(await ground.listApplications()).toHaveLength(1)
})

test('an existing .env stays without --force, and Gitea is not even asked', async () => {
  const folder = createTempFolder()
  writeFileSync(join(folder, '.env'), 'GITEA_URL=https://old.example\n')
  const asked = ground.gitea.requests.length

  const run = await ground.setUp(folder)

  expect(run.code).toBe(1)
  expect(run.stderr).toMatch(/exists already\. Give --force/)
  expect(readFileSync(join(folder, '.env'), 'utf8')).toBe('GITEA_URL=https://old.example\n')
  expect(ground.gitea.requests.length).toBe(asked)
})

test('--force keeps the earlier .env beside the new one and names the settings that were only in it', async () => {
  const folder = createTempFolder()
  const earlier = 'GITEA_URL=https://old.example\nLOG_LEVEL=DEBUG\n'
  writeFileSync(join(folder, '.env'), earlier, { mode: 0o644 })

  const run = await ground.setUp(folder, '--force')

  expect(run.code).toBe(0)
  const [backup = ''] = readdirSync(folder).filter((name) => name !== '.env')
  expect(backup).toMatch(/^\.env\.before-/)
  expect(readFileSync(join(folder, backup), 'utf8')).toBe(earlier)
  expect(statSync(join(folder, backup)).mode & 0o777).toBe(0o600)
  expect(run.stdout).toContain('It also had LOG_LEVEL')
  expect(readSettings(folder).GITEA_URL).toBe(ground.gitea.url)
})

test('run again it needs --force, and then keeps the client and gives it a new secret', async () => {
  const first = createTempFolder()
  const second = createTempFolder()
  await ground.setUp(first)

  const refused = await ground.setUp(second)
  expect(refused.code).toBe(1)
  expect(refused.stderr).toMatch(/“AegisGitea MCP” exists already\. Give --force .*Nothing was changed/s)
  expect(readdirSync(second)).toEqual([])

  const replaced = await ground.setUp(second, '--force')
  expect(replaced.code).toBe(0)
  expect(readSettings(second).GITEA_OAUTH_CLIENT_ID).toBe(readSettings(first).GITEA_OAUTH_CLIENT_ID)
  expect(readSettings(second).GITEA_OAUTH_CLIENT_SECRET).not.toBe(readSettings(first).GITEA_OAUTH_CLIENT_SECRET)
  expect(await ground.listApplications()).toHaveLength(1)
})

test('does not guess which of several applications of that name is meant', async () => {
  for (const host of ['a', 'b']) {
    await ground.gitea.createOAuthApplication({
      name: 'AegisGitea MCP',
      redirectUris: [`https://${host}.example/oauth/callback`],
      confidential: true,
      owner: ground.login,
    })
  }
  const folder = createTempFolder()

  const run = await ground.setUp(folder, '--force')

  expect(run.code).toBe(1)
  expect(run.stderr).toContain('There are 2 applications called “AegisGitea MCP”')
  expect(readdirSync(folder)).toEqual([])
})

test('finds its application behind many others', async () => {
  for (let index = 0; index < 60; index++) {
    await ground.gitea.createOAuthApplication({
      name: `other ${index}`,
      redirectUris: ['https://x.example/cb'],
      owner: ground.login,
    })
  }
  await ground.setUp(createTempFolder(), '--app-name', 'mine')
  await ground.gitea.createOAuthApplication({
    name: 'later',
    redirectUris: ['https://x.example/cb'],
    owner: ground.login,
  })
  const folder = createTempFolder()

  const run = await ground.setUp(folder, '--app-name', 'mine')

  expect(run.stderr).toMatch(/“mine” exists already/)
})
