import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../src/db/open.js'
import { createApiKeyReader, createSettingsKeyReader } from '../../src/identity/api-key-reader.js'
import { API_KEY_PREFIX, createApiKeys, toKeyHint, toState } from '../../src/identity/api-keys.js'
import { createBoundPeople } from '../../src/identity/bound-people.js'
import type { PersonAccess } from '../../src/identity/person-access.js'
import type { Person } from '../../src/identity/service-account.js'
import { Unavailable } from '../../src/lib/errors.js'
import { createSilentLogger } from '../../src/lib/logger.js'
import { Secret } from '../../src/lib/secret.js'
import { DAY, MINUTE } from '../../src/lib/units.js'
import { createTempFolder } from '../support/temp-folder.js'

const START = Date.parse('2026-11-01T00:00:00Z')
const ALICE: Person = { accountId: 'gitea:7', login: 'alice' }
const GITEA = { token: async () => 'of-gitea', renew: async () => 'of-gitea' }

function start() {
  const store = openStore({ path: join(createTempFolder(), 'aegis.db'), migrationsPath: 'migrations' })
  onTestFinished(() => store.close())
  const time = { now: START }
  const clock = { now: () => time.now }
  const keys = createApiKeys(store, clock)
  const make = (overrides: { readonly expiresAt?: number | null; readonly repositories?: readonly string[] } = {}) =>
    keys.create({
      person: ALICE,
      name: 'Workspace',
      scopes: ['read:repository'],
      grant: { readOnly: false, repositories: null, expiresAt: null, ...overrides },
    })
  return { store, time, clock, keys, make }
}

/** Who is known by which login, and whose calls have a way to Gitea. */
function buildAccess(people: Readonly<Record<string, Person>> = { alice: ALICE }, isOpen = true): PersonAccess {
  return {
    findPerson: async (login) => people[login],
    open: () => (isOpen ? { gitea: GITEA } : undefined),
  }
}

describe('a key', () => {
  test('is 256 random bits behind a beginning that people and scanners know', () => {
    const { make } = start()

    const [one, other] = [make(), make()]

    expect(one.key).toMatch(/^agm_ak_[\w-]{43}$/)
    expect(one.key).not.toBe(other.key)
    expect(one.record.hint).toBe(`${one.key.slice(0, 8)}...${one.key.slice(-4)}`)
  })

  test('is found by itself only, and stands in no file', async () => {
    const { keys, make, store } = start()
    const { key, record } = make({ repositories: ['harbor/booking'] })

    expect(keys.find(key)).toEqual(record)
    expect(keys.find(`${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`)).toBeUndefined()
    expect(keys.find(record.hint)).toBeUndefined()
    expect(store.sqlite.serialize().includes(key.slice(API_KEY_PREFIX.length))).toBe(false)
  })

  test('is valid until it ends or is revoked', () => {
    const { keys, make, time } = start()
    const short = make({ expiresAt: START + DAY }).record
    const long = make().record

    expect([short, long].map((key) => toState(key, time.now))).toEqual(['valid', 'valid'])
    expect(toState(short, START + DAY)).toBe('expired')
    keys.revoke(long.id)
    expect(toState(keys.get(long.id), time.now)).toBe('revoked')
    expect(() => keys.revoke(long.id)).toThrow(/was revoked before/)
    expect(() => keys.revoke('nothing')).toThrow(/no API key nothing.*aegis keys list/)
  })

  test('has its last use written at most once a minute, and not while it is used', () => {
    const { keys, make, time } = start()
    const { key, record } = make()
    const use = () => keys.noteUse(keys.find(key) ?? record)
    const read = () => keys.get(record.id).lastUsedAt

    use()
    expect(read()).toBeNull()
    keys.flushUses()
    expect(read()).toBe(START)
    time.now += MINUTE - 1
    use()
    keys.flushUses()
    expect(read()).toBe(START)
    time.now += 1
    use()
    keys.flushUses()
    expect(read()).toBe(START + MINUTE)
  })
})

describe('a rotation', () => {
  test('leaves two keys that count, until the time of grace is over', () => {
    const { keys, make, time } = start()
    const before = make({ expiresAt: START + 90 * DAY, repositories: ['harbor/booking'] })
    time.now += 30 * DAY

    const after = keys.rotate(before.record.id, 7 * DAY)

    expect(after.record).toMatchObject({
      person: ALICE,
      name: 'Workspace',
      replaces: before.record.id,
      grant: { repositories: ['harbor/booking'], expiresAt: START + 120 * DAY },
    })
    const states = () => [before.key, after.key].map((key) => toState(keys.find(key) ?? before.record, time.now))
    expect(states()).toEqual(['valid', 'valid'])
    time.now += 7 * DAY
    expect(states()).toEqual(['expired', 'valid'])
  })

  test('makes no key live longer than it would have', () => {
    const { keys, make } = start()
    const { record } = make({ expiresAt: START + DAY })

    expect(keys.rotate(record.id, 7 * DAY).previous.grant.expiresAt).toBe(START + DAY)
  })

  test('is refused for a key that has ended, or whose place is taken', () => {
    const { keys, make, time } = start()
    const [rotated, revoked, expired] = [make().record, make().record, make({ expiresAt: START + DAY }).record]
    const next = keys.rotate(rotated.id, DAY).record
    keys.revoke(revoked.id)

    expect(() => keys.rotate(rotated.id, DAY)).toThrow(`${next.id} took its place`)
    expect(() => keys.rotate(revoked.id, DAY)).toThrow(/is revoked\. Make a new one/)
    time.now += 2 * DAY
    expect(() => keys.rotate(expired.id, DAY)).toThrow(/is expired/)
  })
})

describe('the reader of keys', () => {
  test('leaves everything that does not begin like one to the others', async () => {
    const { keys, clock } = start()
    const reader = createApiKeyReader({ keys, access: buildAccess(), clock })

    expect(await reader.read('agm_at_something', 'r')).toBeUndefined()
    expect(await reader.read('eyJhbGciOi.J9.x', 'r')).toBeUndefined()
    expect(await reader.read(`${API_KEY_PREFIX}guess`, 'r')).toEqual({ kind: 'unknown', reason: 'invalid_api_key' })
  })

  test('names the person, the key as the client, and what the key is limited to', async () => {
    const { keys, clock, make } = start()
    const { key, record } = make({ repositories: ['harbor/booking'], expiresAt: START + DAY })
    const reader = createApiKeyReader({ keys, access: buildAccess(), clock })

    const found = await reader.read(key, 'r')

    expect(found).toMatchObject({
      kind: 'caller',
      keyHint: record.hint,
      caller: {
        accountId: 'gitea:7',
        login: 'alice',
        clientId: `key:${record.id}`,
        clientName: 'Workspace',
        scopes: new Set(['read:repository']),
        tokenHint: expect.stringMatching(/^[0-9a-f]{12}$/),
        grant: { readOnly: false, repositories: ['harbor/booking'], expiresAt: START + DAY },
        gitea: GITEA,
      },
    })
    expect(JSON.stringify(found)).not.toContain(key)
  })

  test('refuses a key of a person for whom nothing leads to Gitea, and says what to do', async () => {
    const { keys, clock, make } = start()
    const reader = createApiKeyReader({ keys, access: buildAccess({}, false), clock })

    expect(await reader.read(make().key, 'r')).toMatchObject({
      kind: 'refused',
      status: 403,
      reason: 'api_key_without_gitea',
      problem: expect.stringMatching(/GITEA_TOKEN, or alice signs in here once/),
    })
  })
})

describe('the reader of keys in the settings', () => {
  const KEY = 'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6'

  function read(access: PersonAccess) {
    const { clock, time } = start()
    const people = createBoundPeople({ access, clock, log: createSilentLogger() })
    const reader = createSettingsKeyReader([{ login: 'alice', key: new Secret(KEY) }], people)
    return { reader, time }
  }

  test('names the person whose login stands beside the key, who is looked up once', async () => {
    const asked: string[] = []
    const access = buildAccess()
    const { reader, time } = read({
      ...access,
      findPerson: (login) => {
        asked.push(login)
        return access.findPerson(login)
      },
    })

    expect(await reader.read(KEY, 'r')).toMatchObject({
      kind: 'caller',
      keyHint: toKeyHint(KEY),
      caller: { accountId: 'gitea:7', login: 'alice', clientId: expect.stringMatching(/^key:settings-[0-9a-f]{8}$/) },
    })
    await reader.read(KEY, 'r')
    expect(asked).toEqual(['alice'])
    time.now += 6 * MINUTE
    await reader.read(KEY, 'r')
    expect(asked).toEqual(['alice', 'alice'])
    expect(reader.read(`${KEY}0`, 'r')).toBeUndefined()
  })

  test('refuses a login that nobody has, and says where it stands', async () => {
    expect(await read(buildAccess({})).reader.read(KEY, 'r')).toMatchObject({
      kind: 'refused',
      status: 403,
      reason: 'api_key_user_unknown',
      problem: expect.stringMatching(/alice.*MCP_API_KEYS/),
    })
  })

  test('says that Gitea did not answer while it does not, and asks again', async () => {
    const access = { ...buildAccess(), findPerson: async () => Promise.reject(new Unavailable('down')) }
    const { reader } = read(access)

    expect(await reader.read(KEY, 'r')).toMatchObject({ kind: 'refused', status: 503 })
  })
})
