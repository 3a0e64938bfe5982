import { chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadKeys } from '../../src/config/key-files.js'
import { createTempFolder } from '../support/temp-folder.js'
import { runAegis } from './run-aegis.js'

const config = (folder: string) => ({
  databasePath: join(folder, 'data', 'aegis.db'),
  keys: { tokenEncryption: undefined, auditSigningPath: undefined },
})

function keyring(folder: string, ...args: string[]) {
  return runAegis(['keyring', ...args], { cwd: folder })
}

test('before the first start there are no keys', async () => {
  const folder = createTempFolder()

  const run = await keyring(folder, 'list')

  expect(run).toMatchObject({ code: 0, stdout: expect.stringMatching(/no keys in .*data\/keys yet.*first start/) })
})

test.each(['token-encryption', 'audit-signing'] as const)(
  'rotating %s makes a new current key and keeps the earlier one',
  async (kind) => {
    const folder = createTempFolder()
    const before = loadKeys(config(folder))
    const idOf = (keys: typeof before) =>
      kind === 'token-encryption' ? keys.tokenEncryption.currentId : keys.auditSigning.keyId

    const run = await keyring(folder, 'rotate', kind)

    const after = loadKeys(config(folder))
    expect(run.code).toBe(0)
    expect(run.stdout).toContain(`The new ${kind} key is ${idOf(after)}. It takes effect at the next start`)
    expect(idOf(after)).not.toBe(idOf(before))
    expect(after.tokenEncryption.keys.has(before.tokenEncryption.currentId)).toBe(true)
    expect(after.auditPublicKeys.length).toBe(kind === 'audit-signing' ? 2 : 1)
    expect((await keyring(folder, 'list')).stdout.split('\n')).toEqual(
      expect.arrayContaining([`${kind}: ${idOf(after)} (current)`, `${kind}: ${idOf(before)}`]),
    )
    expect(statSync(join(folder, 'data', 'keys', `${kind}.json`)).mode & 0o777).toBe(0o600)
  },
)

test('no key is ever printed', async () => {
  const folder = createTempFolder()
  loadKeys(config(folder))

  const rotated = await keyring(folder, 'rotate', 'token-encryption')
  const listed = await keyring(folder, 'list')

  const file = JSON.parse(readFileSync(join(folder, 'data', 'keys', 'token-encryption.json'), 'utf8'))
  for (const key of Object.values<string>(file.keys)) {
    expect(rotated.stdout + listed.stdout).not.toContain(key)
  }
})

test('a key that a setting gives is rotated in the setting', async () => {
  const folder = createTempFolder()
  const env = { TOKEN_ENCRYPTION_KEYS: 'k1:AAAA', AUDIT_SIGNING_KEY_PATH: '/run/secrets/audit.pem' }
  const run = (...args: string[]) => runAegis(['keyring', ...args], { cwd: folder, env })

  const encryption = await run('rotate', 'token-encryption')
  const signing = await run('rotate', 'audit-signing')
  const listed = await run('list')

  expect(encryption).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/given by TOKEN_ENCRYPTION_KEYS.*new entry first/),
  })
  expect(signing).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/given by AUDIT_SIGNING_KEY_PATH.*keep the old public key/),
  })
  expect(listed.stdout).toMatch(/token-encryption: given by TOKEN_ENCRYPTION_KEYS/)
})

test('keys are not made for a user that the server does not run as', async () => {
  const folder = createTempFolder()
  mkdirSync(join(folder, 'data'))
  const isRoot = process.getuid?.() === 0
  if (isRoot) {
    chownSync(join(folder, 'data'), 12_345, 12_345)
  }
  const env = { DATABASE_PATH: isRoot ? join(folder, 'data', 'aegis.db') : '/usr/aegis.db' }

  const run = await runAegis(['keyring', 'rotate', 'audit-signing'], { cwd: folder, env })

  expect(run).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/belongs to user \d+, and this runs as user \d+\. Run it as/),
  })
})

test('a damaged key file is told in words', async () => {
  const folder = createTempFolder()
  loadKeys(config(folder))
  writeFileSync(join(folder, 'data', 'keys', 'audit-signing.json'), '{')

  const run = await keyring(folder, 'rotate', 'audit-signing')

  expect(run).toMatchObject({ code: 1, stderr: expect.stringMatching(/is not a key file\. Restore it from a backup/) })
})
