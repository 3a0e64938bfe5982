import { generateKeyPairSync } from 'node:crypto'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { listKeys, loadKeys, rotateKey } from '../../src/config/key-files.js'
import { createTempFolder } from '../support/temp-folder.js'

const NOT_GIVEN = { tokenEncryption: undefined, auditSigningPath: undefined }

describe('keys that are not given', () => {
  test('are generated once, beside the database, for their owner alone', () => {
    const databasePath = join(createTempFolder(), 'aegis.db')

    const first = loadKeys({ databasePath, keys: NOT_GIVEN })
    const second = loadKeys({ databasePath, keys: NOT_GIVEN })

    expect(second.tokenEncryption.currentId).toBe(first.tokenEncryption.currentId)
    expect(second.auditSigning.keyId).toBe(first.auditSigning.keyId)
    const modes = ['token-encryption.json', 'audit-signing.json'].map(
      (name) => statSync(join(databasePath, '..', 'keys', name)).mode & 0o777,
    )
    expect(modes).toEqual([0o600, 0o600])
  })

  test('stay usable after a rotation, which adds a new current one', () => {
    const databasePath = join(createTempFolder(), 'aegis.db')
    const before = loadKeys({ databasePath, keys: NOT_GIVEN })

    const id = rotateKey(databasePath, 'token-encryption')
    const signingId = rotateKey(databasePath, 'audit-signing')

    const after = loadKeys({ databasePath, keys: NOT_GIVEN })
    expect(after.tokenEncryption.currentId).toBe(id)
    expect(after.tokenEncryption.keys.has(before.tokenEncryption.currentId)).toBe(true)
    expect(after.auditSigning.keyId).toBe(signingId)
    expect(after.auditPublicKeys).toHaveLength(2)
    expect(listKeys(databasePath).filter((key) => key.current)).toHaveLength(2)
  })
})

describe('keys that are given', () => {
  test('are used, the first of several for new values', () => {
    const databasePath = join(createTempFolder(), 'aegis.db')
    const [one, two] = ['a', 'b'].map((letter) => Buffer.alloc(32, letter).toString('base64'))

    const { tokenEncryption } = loadKeys({
      databasePath,
      keys: { ...NOT_GIVEN, tokenEncryption: [`k2:${two}`, `k1:${one}`] },
    })

    expect(tokenEncryption.currentId).toBe('k2')
    expect([...tokenEncryption.keys.keys()]).toEqual(['k2', 'k1'])
  })

  test.each([['onlyid'], ['k1:abc'], ['bad id!:AAAA'], [`k1:${Buffer.alloc(31).toString('base64')}`]])(
    '%s is not an encryption key, and is not repeated in the message',
    (entry) => {
      const databasePath = join(createTempFolder(), 'aegis.db')
      const load = () => loadKeys({ databasePath, keys: { ...NOT_GIVEN, tokenEncryption: [entry] } })

      expect(load).toThrow(/TOKEN_ENCRYPTION_KEYS must hold entries like/)
      expect(load).not.toThrow(entry)
    },
  )

  test('a signing key must be Ed25519 and exist', () => {
    const folder = createTempFolder()
    const databasePath = join(folder, 'aegis.db')
    const rsa = join(folder, 'rsa.pem')
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    writeFileSync(rsa, privateKey.export({ type: 'pkcs8', format: 'pem' }))
    const load = (auditSigningPath: string) => () =>
      loadKeys({ databasePath, keys: { ...NOT_GIVEN, auditSigningPath } })

    expect(load(rsa)).toThrow(/must hold an Ed25519 key/)
    expect(load(join(folder, 'none.pem'))).toThrow(/does not exist/)
  })
})
