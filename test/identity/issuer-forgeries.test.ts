import { createHmac } from 'node:crypto'
import { exportSPKI, importJWK } from 'jose'
import { describe, expect, test } from 'vitest'
import { useIssuerGround } from '../support/issuer-ground.js'
import { createSigningKey } from '../support/keycloak-issuer.js'

const { ground, toSettings, createReader } = useIssuerGround()

function encode(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}

describe('a token that its issuer did not sign is nothing,', () => {
  const expectForged = async (token: string) => {
    const read = createReader()
    expect(await read(token)).toEqual({ kind: 'unknown', problem: expect.any(String) })
    expect(ground.gitea.asked).toEqual([])
  }

  test('with claims that were changed', async () => {
    const [header, payload, signature] = (await ground.keycloak.createToken()).split('.')
    const claims: Record<string, unknown> = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString())

    await expectForged(`${header}.${encode({ ...claims, preferred_username: 'admin' })}.${signature}`)
  })

  test.each(['none', 'None', 'NONE', 'nOnE'])('without a signature (alg %s)', async (alg) => {
    const [, payload, signature] = (await ground.keycloak.createToken()).split('.')

    await expectForged(`${encode({ alg, typ: 'JWT' })}.${payload}.`)
    await expectForged(`${encode({ alg, typ: 'JWT' })}.${payload}.${signature}`)
  })

  test.each(['pem', 'jwk', 'modulus'])('with the public key used as a shared secret (%s)', async (form) => {
    const { published, kid } = ground.keycloak.currentKey()
    const key = await importJWK(published, 'RS256', { extractable: true })
    const secret =
      form === 'pem' && !(key instanceof Uint8Array)
        ? await exportSPKI(key)
        : form === 'jwk'
          ? JSON.stringify(published)
          : Buffer.from(published.n ?? '', 'base64url')
    const [, payload] = (await ground.keycloak.createToken()).split('.')
    const signed = `${encode({ alg: 'HS256', typ: 'JWT', kid })}.${payload}`

    await expectForged(`${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`)
  })

  test('with a key of its own under the name of the issuer’s', async () => {
    const { kid } = ground.keycloak.currentKey()

    await expectForged(await ground.keycloak.createToken({ key: await createSigningKey(kid) }))
  })

  test('with a key that it brings along', async () => {
    const own = await createSigningKey('own')

    await expectForged(
      await ground.keycloak.createToken({
        key: own,
        header: { jwk: own.published, jku: 'http://127.0.0.1:9/keys', x5u: 'http://127.0.0.1:9/x' },
      }),
    )
  })

  test('with an extension that must be understood', async () => {
    const [, payload, signature] = (await ground.keycloak.createToken()).split('.')
    const header = { alg: 'RS256', kid: 'key-1', crit: ['mine'], mine: true }

    await expectForged(`${encode(header)}.${payload}.${signature}`)
    await expectForged(`${encode({ ...header, crit: ['b64'], b64: false })}.${payload}.${signature}`)
  })

  test('with another way of signing than is allowed for its issuer', async () => {
    const read = createReader(toSettings({ algorithms: ['ES256'] }))

    expect(await read(await ground.keycloak.createToken())).toMatchObject({
      kind: 'unknown',
      problem: expect.stringMatching(/Taken are: ES256/),
    })
  })
})
