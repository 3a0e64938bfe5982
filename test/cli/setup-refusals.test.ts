import { mkdirSync, readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { createTempFolder } from '../support/temp-folder.js'
import { runAegis } from './run-aegis.js'
import { PASSWORD, PUBLIC_URL, useSetupGround } from './setup-ground.js'

const ground = useSetupGround()

const WRONG_INPUT: readonly (readonly [what: string, args: readonly string[], says: RegExp, code: number])[] = [
  [
    'a Gitea address without scheme',
    ['--gitea-url', 'git.example.org'],
    /with its scheme, like https:\/\/git\.example\.org/,
    1,
  ],
  ['a Gitea address with a query', ['--gitea-url', 'https://git.example.org/?a=b'], /scheme, host and path only/, 1],
  ['a Gitea address with a password', ['--gitea-url', 'https://a:b@git.example.org'], /scheme, host and path only/, 1],
  [
    'a Gitea address that could not stand in .env',
    ['--gitea-url', "https://git.example.org/$(x)'"],
    /no user, “\?”, “#” or quotes/,
    1,
  ],
  ['a public address without TLS', ['--public-url', 'http://mcp.example.org'], /must start with https:\/\//, 1],
  ['a public address with a path', ['--public-url', 'https://mcp.example.org/mcp'], /leave out “\/mcp”/, 1],
  ['repositories that are none', ['--write-repos', 'web'], /as owner\/name/, 1],
  ['a name for the application that breaks lines', ['--app-name', 'a\nb'], /letters, digits, spaces/, 1],
  ['a password on the command line', ['--password', 'x'], /by --password-stdin or AEGIS_SETUP_PASSWORD/, 2],
  ['a token on the command line', ['--token=x'], /by --token-stdin or AEGIS_SETUP_TOKEN/, 2],
  ['a flag that does not exist', ['--gitea', 'x'], /--gitea/, 2],
  ['a folder that does not exist', ['--settings-file', 'no/such/.env'], /there is no folder/, 1],
]

test.each(WRONG_INPUT)('%s is refused in one sentence and changes nothing', async (_what, args, says, code) => {
  const folder = createTempFolder()

  const run = await ground.setUp(folder, ...args)

  expect(run.code).toBe(code)
  expect(run.stderr).toMatch(says)
  expect(run.stdout).toBe('')
  expect(readdirSync(folder)).toEqual([])
  expect(await ground.listApplications()).toEqual([])
})

test('without a terminal it names every flag that is missing', async () => {
  const nothing = await runAegis(['setup'], { cwd: createTempFolder() })
  const noCredential = await runAegis(['setup', ...ground.flags()], { cwd: createTempFolder() })
  const noName = await runAegis(['setup', ...ground.flags()], {
    cwd: createTempFolder(),
    env: { AEGIS_SETUP_PASSWORD: 'x' },
  })

  expect(nothing.stderr).toMatch(/--gitea-url .* and --public-url/)
  expect(noCredential.stderr).toMatch(/AEGIS_SETUP_TOKEN or --token-stdin .*AEGIS_SETUP_PASSWORD or --password-stdin/)
  expect(noName.stderr).toMatch(/needs --username/)
  expect([nothing.code, noCredential.code, noName.code]).toEqual([2, 2, 2])
})

test('what Gitea says no to is told with the way out', async () => {
  const weak = await ground.gitea.createToken(ground.login, ['read:user'])
  const cwd = createTempFolder()
  const run = (env: NodeJS.ProcessEnv, ...extra: string[]) =>
    runAegis(['setup', ...ground.flags(), ...extra], { cwd, env })

  const wrongPassword = await run({ AEGIS_SETUP_PASSWORD: 'wrong' }, '--username', ground.login)
  const wrongToken = await run({ AEGIS_SETUP_TOKEN: 'f'.repeat(40) })
  const weakToken = await run({ AEGIS_SETUP_TOKEN: weak })
  await ground.gitea.setUserState(ground.login, { mustChangePassword: true })
  const mustChange = await run({ AEGIS_SETUP_PASSWORD: PASSWORD }, '--username', ground.login)
  await ground.gitea.setUserState(ground.login, { mustChangePassword: false, prohibitLogin: true })
  const prohibited = await run({ AEGIS_SETUP_PASSWORD: PASSWORD }, '--username', ground.login)

  expect(wrongPassword.stderr).toMatch(/does not accept this user name and password\. With two-factor .*--otp/)
  expect(wrongToken.stderr).toMatch(/does not know this token\. Make one .*write:user/)
  expect(weakToken.stderr).toMatch(/may not create applications\. Make one with the scope write:user/)
  expect(mustChange.stderr).toMatch(/must change their password first/)
  expect(prohibited.stderr).toMatch(/may not sign in to Gitea/)
  expect(readdirSync(cwd)).toEqual([])
})

test('something that is not a usable Gitea is named for what it is', async () => {
  const cwd = createTempFolder()
  const run = (giteaUrl: string) =>
    runAegis(['setup', '--gitea-url', giteaUrl, '--public-url', PUBLIC_URL, '--username', ground.login], {
      cwd,
      env: { AEGIS_SETUP_PASSWORD: PASSWORD },
    })
  const other = createServer((request, response) => {
    const isMoved = request.headers.host?.startsWith('localhost') === true
    response
      .writeHead(isMoved ? 301 : 200, isMoved ? { location: `${ground.gitea.url}${request.url}` } : {})
      .end('<html>hello</html>')
  })
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo

  const elsewhere = await run(`http://127.0.0.1:${port}`)
  const moved = await run(`http://localhost:${port}`)
  const wrongScheme = await run(`https://127.0.0.1:${port}`)
  other.close()
  const nobody = await run(`http://127.0.0.1:${port}`)
  ground.gitea.fault({ path: '/api/v1/version', html: true })
  const broken = await run(ground.gitea.url)
  ground.gitea.fault({ path: '/.well-known/openid-configuration', status: 404 })
  const noSignIn = await run(ground.gitea.url)
  ground.gitea.fault({
    path: '/api/v1/version',
    status: 200,
    body: '{"version":"1.22.6"}',
    headers: { 'content-type': 'application/json' },
  })
  const old = await run(ground.gitea.url)
  ground.gitea.fault({ path: '/api/v1/user', destroySocket: true })
  const lost = await run(ground.gitea.url)

  expect(elsewhere.stderr).toMatch(/it is not Gitea \(status 200\)\. Set GITEA_URL/)
  expect(moved.stderr).toContain(`sends on to ${ground.gitea.url}. Set GITEA_URL`)
  expect(wrongScheme.stderr).toMatch(/http:\/\/ instead of https:\/\//)
  expect(nobody.stderr).toMatch(/cannot be reached: nothing listens there/)
  expect(broken.stderr).toMatch(/answers with status 502\. Look at Gitea, or at the proxy/)
  expect(noSignIn.stderr).toMatch(/sign-in for applications is off .* \[oauth2\]/)
  expect(old.stderr).toMatch(/Gitea 1\.22\.6, which gives every application full access\. Update Gitea to 1\.23/)
  expect(lost.stderr).toMatch(/cannot be reached/)
  for (const { code, stderr } of [elsewhere, moved, wrongScheme, nobody, broken, noSignIn, old, lost]) {
    expect(code).toBe(1)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  }
  expect(readdirSync(cwd)).toEqual([])
})

test('says what is left behind when the settings cannot be written in the end', async () => {
  const folder = createTempFolder()
  mkdirSync(join(folder, 'settings'))
  const target = join(folder, 'settings', '.env')
  ground.gitea.fault({ method: 'POST', path: 'applications/oauth2', delayMs: 300 })

  const pending = ground.setUp(folder, '--settings-file', target)
  // a folder in the way of the last step, made while Gitea is being asked
  await vi.waitFor(() => expect(readdirSync(join(folder, 'settings'))).toHaveLength(1), { interval: 5 })
  mkdirSync(target)
  const run = await pending

  expect(run.code).toBe(1)
  expect(run.stderr).toMatch(/is ready in Gitea, but its settings could not be written .*setup again with --force/)
  expect(readdirSync(join(folder, 'settings'))).toEqual(['.env'])
})
