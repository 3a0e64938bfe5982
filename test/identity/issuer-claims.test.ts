import { describe, expect, test } from 'vitest'
import { useIssuerGround } from '../support/issuer-ground.js'

const { ground, toSettings, createReader } = useIssuerGround()

describe('a person is named by their claim, and by nothing else:', () => {
  const withDomain = () => toSettings({ loginClaim: 'email', loginDomain: 'ferries.example' })

  test('a domain is taken off where it is the one that is written', async () => {
    const read = createReader(withDomain())

    expect(await read(await ground.keycloak.createToken())).toMatchObject({ caller: { login: 'alice' } })
    expect(await read(await ground.keycloak.createToken({ claims: { email: 'alice@FERRIES.example' } }))).toMatchObject(
      {
        caller: { login: 'alice' },
      },
    )
  })

  test.each([
    ['another domain', 'alice@evil.example'],
    ['no domain', 'alice'],
    ['two', 'alice@ferries.example@evil.example'],
    ['two the other way round', 'alice@evil.example@ferries.example'],
    ['a longer domain', 'alice@x.ferries.example'],
    ['no login', '@ferries.example'],
  ])('with %s it is nobody', async (_, email) => {
    const read = createReader(withDomain())

    expect(await read(await ground.keycloak.createToken({ claims: { email } }))).toMatchObject({
      kind: 'refused',
      status: 403,
      reason: 'no_login',
      problem: expect.stringMatching(/claim email is not a Gitea login followed by @ferries\.example/),
    })
    expect(ground.gitea.asked).toEqual([])
  })

  test.each([
    ['missing', undefined],
    ['a list', ['alice']],
    ['an object', { alice: true }],
    ['a number', 2],
    ['empty', ''],
    ['an address', 'alice@ferries.example'],
    ['a path', '../admin'],
    ['two words', 'alice bob'],
    ['of another script', 'аlice'],
    ['longer than Gitea allows', 'a'.repeat(41)],
    ['with a line break', 'alice\n'],
  ])('a claim that is %s is nobody', async (_, login) => {
    const read = createReader()

    expect(await read(await ground.keycloak.createToken({ claims: { preferred_username: login } }))).toMatchObject({
      kind: 'refused',
      status: 403,
      reason: 'no_login',
    })
    expect(ground.gitea.asked).toEqual([])
  })

  test('a claim with the name of something that every object has is none', async () => {
    const read = createReader(toSettings({ loginClaim: 'constructor' }))

    expect(await read(await ground.keycloak.createToken())).toMatchObject({ reason: 'no_login' })
  })

  test('a login without an account is told so', async () => {
    const read = createReader()

    expect(await read(await ground.keycloak.createToken({ claims: { preferred_username: 'zoe' } }))).toMatchObject({
      kind: 'refused',
      status: 403,
      reason: 'unknown_person',
      problem: expect.stringMatching(/zoe signed in, and nobody of this name/),
    })
  })

  test('a person to whom no way leads is told what opens one', async () => {
    ground.gitea.hasWay = false
    const read = createReader()

    expect(await read(await ground.keycloak.createToken())).toMatchObject({
      status: 403,
      problem: expect.stringMatching(/Connect once .* or ask the admin to set GITEA_TOKEN/),
    })
  })

  test('while Gitea does not say who has that login, nobody has', async () => {
    ground.gitea.isDown = true
    const read = createReader()
    const token = await ground.keycloak.createToken()

    expect(await read(token)).toMatchObject({ kind: 'refused', status: 503 })
    ground.gitea.isDown = false
    expect(await read(token)).toMatchObject({ kind: 'caller' })
  })
})
