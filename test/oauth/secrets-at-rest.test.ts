import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createCipher } from '../../src/oauth/cipher.js'
import { createOAuthServer } from '../../src/oauth/server.js'
import { startOAuthApp } from './oauth-app.js'
import { callMcp, connect, refresh, registerClient } from './oauth-client.js'

it('leaves no token, code, secret or verifier readable in the database files', async () => {
  const app = await startOAuthApp()
  const confidential = await registerClient(app, { token_endpoint_auth_method: 'client_secret_post' })
  const { client, callback, tokens } = await connect(app)
  const refreshed = await refresh(app, client.client_id, tokens.refresh_token)
  const accountId = String((await callMcp(app, tokens.access_token)).body.accountId)
  const giteaToken = await app.oauth.vault.credentialFor(accountId).token()
  const stored = app.store.sqlite.prepare('SELECT access_token FROM gitea_token_set').pluck().get()

  const files = ['', '-wal'].map((suffix) => readFileSync(app.databasePath + suffix, 'latin1')).join('')

  for (const secret of [
    tokens.access_token,
    tokens.refresh_token,
    refreshed.body.access_token,
    refreshed.body.refresh_token,
    callback.searchParams.get('code') ?? '',
    confidential.client_secret ?? '',
    giteaToken,
    giteaToken.split('.')[2] ?? '',
  ]) {
    expect(secret.length).toBeGreaterThan(20)
    expect(files).not.toContain(secret)
  }
  expect(files).toContain(String(stored))
})

it('writes every stored secret under the current key when asked to', async () => {
  const app = await startOAuthApp()
  await registerClient(app, { token_endpoint_auth_method: 'client_secret_post' })
  const { tokens } = await connect(app)
  const accountId = String((await callMcp(app, tokens.access_token)).body.accountId)
  const before = await app.oauth.vault.credentialFor(accountId).token()
  const keys = new Map([...app.oauthOptions.keyRing.keys, ['k2', randomBytes(32)]])
  const rotated = createOAuthServer({ ...app.oauthOptions, keyRing: { currentId: 'k2', keys } })

  expect(rotated.reencrypt()).toBe(2)

  expect(rotated.reencrypt()).toBe(0)
  expect(await rotated.vault.credentialFor(accountId).token()).toBe(before)
  const values = app.store.sqlite
    .prepare('SELECT access_token FROM gitea_token_set UNION ALL SELECT refresh_token FROM gitea_token_set')
    .pluck()
    .all()
  expect(values.every((value) => String(value).startsWith('v1.k2.'))).toBe(true)
})

describe('the cipher', () => {
  const place = { purpose: 'test', rowId: 'row 1' }
  const old = randomBytes(32)
  const fresh = randomBytes(32)
  const before = createCipher({ currentId: 'old', keys: new Map([['old', old]]) })
  const after = createCipher({
    currentId: 'new',
    keys: new Map([
      ['old', old],
      ['new', fresh],
    ]),
  })

  it('gives back what it was given, and never writes the same twice', () => {
    const [one, two] = [before.encrypt('geheim ✓', place), before.encrypt('geheim ✓', place)]

    expect(before.decrypt(one, place)).toBe('geheim ✓')
    expect(one).not.toBe(two)
    expect(one).toMatch(/^v1\.old\.[\w-]+$/)
  })

  it('reads old keys and writes the current one', () => {
    const value = before.encrypt('geheim', place)

    const moved = after.reencrypt(value, place) ?? ''

    expect(after.decrypt(value, place)).toBe('geheim')
    expect(moved).toMatch(/^v1\.new\./)
    expect(after.decrypt(moved, place)).toBe('geheim')
    expect(after.reencrypt(moved, place)).toBeUndefined()
  })

  it('refuses a value that was changed, moved to another row, or lost its key', () => {
    const value = before.encrypt('geheim', place)
    const last = value.at(-2) === 'A' ? 'B' : 'A'
    const changed = value.slice(0, -2) + last + value.slice(-1)

    expect(() => before.decrypt(changed, place)).toThrow('cannot be decrypted')
    expect(() => before.decrypt(value, { ...place, rowId: 'row 2' })).toThrow('cannot be decrypted')
    expect(() => before.decrypt(value, { ...place, purpose: 'other' })).toThrow('cannot be decrypted')
    expect(() => before.decrypt('v1.gone.AAAA', place)).toThrow('Restore the key file')
    expect(() => before.decrypt('plain text', place)).toThrow('Restore the key file')
    expect(() => before.decrypt('v1.old.AAAA', place)).toThrow('cannot be decrypted')
  })

  it('takes no key that is not 32 bytes, and no ring without its current key', () => {
    expect(() => createCipher({ currentId: 'k', keys: new Map([['k', randomBytes(16)]]) })).toThrow('32 bytes')
    expect(() => createCipher({ currentId: 'x', keys: new Map([['k', randomBytes(32)]]) })).toThrow('missing')
  })
})
