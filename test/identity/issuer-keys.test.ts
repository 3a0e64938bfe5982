import { describe, expect, test } from 'vitest'
import { MINUTE, start, useIssuerGround } from '../support/issuer-ground.js'
import { createSigningKey } from '../support/keycloak-issuer.js'

const { ground, createReader } = useIssuerGround()

describe('the keys of an issuer', () => {
  test('are noticed to have changed by the first token with a new one', async () => {
    const read = createReader()
    const old = await ground.keycloak.createToken()
    expect(await read(old)).toMatchObject({ kind: 'caller' })

    await ground.keycloak.rotate()
    ground.now += 31_000
    expect(await read(await ground.keycloak.createToken())).toMatchObject({ kind: 'caller' })
    expect(ground.keycloak.asked.keys).toBe(2)
  })

  test('that were withdrawn open nothing once what was known of them is old', async () => {
    const read = createReader()
    const old = await ground.keycloak.createToken({ claims: { exp: start / 1000 + 3600 } })
    await read(old)
    await ground.keycloak.rotate()

    ground.now += 6 * MINUTE
    expect(await read(old)).toMatchObject({ kind: 'unknown', problem: expect.stringMatching(/key that its issuer/) })
  })

  test('are not asked for again and again by tokens with made-up names of keys', async () => {
    const read = createReader()
    await read(await ground.keycloak.createToken())
    const made = await createSigningKey('made-up')
    for (let i = 0; i < 40; i += 1) {
      ground.now += 1000
      const token = await ground.keycloak.createToken({ key: { ...made, kid: `made-up-${i}` } })
      expect(await read(token)).toMatchObject({ kind: 'unknown' })
    }

    expect(ground.keycloak.asked.keys).toBeLessThanOrEqual(3)
  })

  test.each(['down', 'redirect', 'huge', 'no keys', 'other issuer', 'page'] as const)(
    'are not believed when the issuer is in trouble (%s), and it is told so',
    async (trouble) => {
      ground.keycloak.setTrouble(trouble)
      const read = createReader()

      const found = await read(await ground.keycloak.createToken())
      expect(found).toMatchObject({
        kind: 'refused',
        status: 503,
        reason: 'not_verifiable',
        problem: expect.stringMatching(/does not tell its keys now.*aegis doctor/),
      })

      ground.keycloak.setTrouble('none')
      ground.now += 31_000
      expect(await read(await ground.keycloak.createToken())).toMatchObject({ kind: 'caller' })
    },
  )

  test('of an issuer that is down are asked for twice a minute, however many tokens come', async () => {
    ground.keycloak.setTrouble('down')
    const read = createReader()
    for (let i = 0; i < 20; i += 1) {
      ground.now += 1000
      expect(await read(await ground.keycloak.createToken({ claims: { jti: String(i) } }))).toMatchObject({
        status: 503,
      })
    }

    expect(ground.keycloak.asked.discovery).toBe(1)
  })

  test('are used on for a while when the issuer goes down, and not longer', async () => {
    const read = createReader()
    await read(await ground.keycloak.createToken())
    ground.keycloak.setTrouble('down')

    ground.now += 4 * MINUTE
    expect(await read(await ground.keycloak.createToken({ claims: { jti: 'later' } }))).toMatchObject({
      kind: 'caller',
    })
    ground.now += 2 * MINUTE
    expect(await read(await ground.keycloak.createToken())).toMatchObject({ kind: 'refused', status: 503 })
  })
})
