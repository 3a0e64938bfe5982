import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openStore } from '../../src/db/open.js'
import { createLimits, type LimitSettings, toAddressKey } from '../../src/gate/limits.js'
import { systemClock } from '../../src/lib/clock.js'
import { createTempFolder } from '../support/temp-folder.js'

const SETTINGS: LimitSettings = {
  perAddressPerMinute: 3,
  perTokenPerMinute: 2,
  authFailures: 3,
  authFailureWindowMs: 300_000,
}

function openLimits(path = join(createTempFolder(), 'aegis.db'), settings = SETTINGS) {
  const store = openStore({ path, migrationsPath: 'migrations' })
  return { limits: createLimits(store.sqlite, settings, systemClock), store, path }
}

describe('request rates', () => {
  test('an address gets its requests a minute, then is told how long to wait', async () => {
    const { limits, store } = openLimits()
    const answers = []
    for (let i = 0; i < 5; i++) {
      answers.push(await limits.countAddress('192.0.2.1'))
    }

    expect(answers.map((answer) => answer.allowed)).toEqual([true, true, true, false, false])
    expect(answers.map((answer) => answer.first)).toEqual([false, false, false, true, false])
    expect(answers[3]?.retryAfterMs).toBeGreaterThan(50_000)
    expect((await limits.countAddress('192.0.2.2')).allowed).toBe(true)
    store.close()
  })

  test('tokens are counted apart from addresses', async () => {
    const { limits, store } = openLimits()
    await limits.countToken('aaa')
    await limits.countToken('aaa')

    expect((await limits.countToken('aaa')).allowed).toBe(false)
    expect((await limits.countToken('bbb')).allowed).toBe(true)
    store.close()
  })
})

describe('lockout after failed authentications', () => {
  test('begins with the failure that uses up the last try, and survives a restart', async () => {
    const { limits, store, path } = openLimits()
    const failures = []
    for (let i = 0; i < 3; i++) {
      failures.push((await limits.countFailure('192.0.2.1')).allowed)
    }

    expect(failures).toEqual([true, true, false])
    expect(await limits.lockedForMs('192.0.2.1')).toBeGreaterThan(250_000)
    expect(await limits.lockedForMs('192.0.2.2')).toBe(0)
    store.close()

    const restarted = openLimits(path)
    expect(await restarted.limits.lockedForMs('192.0.2.1')).toBeGreaterThan(250_000)
    restarted.store.close()
  })

  test('lasts as long after a restart as without one, also when the first failure was long ago', async () => {
    const settings = { ...SETTINGS, authFailureWindowMs: 4000 }
    const { limits, store, path } = openLimits(undefined, settings)
    await limits.countFailure('192.0.2.1')
    await limits.countFailure('192.0.2.1')
    await new Promise((resolve) => setTimeout(resolve, 1500))
    const last = await limits.countFailure('192.0.2.1')
    const before = await limits.lockedForMs('192.0.2.1')
    store.close()

    const restarted = openLimits(path, settings)
    const after = await restarted.limits.lockedForMs('192.0.2.1')
    restarted.store.close()

    expect(last).toMatchObject({ allowed: false, first: true })
    expect(before).toBeGreaterThan(3500)
    expect(before - after).toBeLessThan(800)
  })

  test('of a day is a day', async () => {
    const { limits, store } = openLimits(undefined, { ...SETTINGS, authFailureWindowMs: 86_400_000 })
    await Promise.all([1, 2, 3, 4].map(() => limits.countFailure('192.0.2.1')))

    expect(await limits.lockedForMs('192.0.2.1')).toBeGreaterThan(86_000_000)
    store.close()
  })

  test('is begun by one failure only, also of several at once', async () => {
    const { limits, store } = openLimits()
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => limits.countFailure('192.0.2.1')))

    expect(answers.filter(({ first }) => first)).toHaveLength(1)
    store.close()
  })

  test('leaves no row behind when it is over', async () => {
    const { limits, store } = openLimits(undefined, { ...SETTINGS, authFailureWindowMs: 1000 })
    const countRows = () => store.sqlite.prepare('SELECT count(*) FROM auth_failure').pluck().get()
    await limits.countFailure('192.0.2.1')
    limits.sweep()
    expect(countRows()).toBe(1)

    await new Promise((resolve) => setTimeout(resolve, 1100))
    limits.sweep()
    expect(countRows()).toBe(0)
    store.close()
  })

  test('holds for the whole /64 of an IPv6 client', async () => {
    const { limits, store } = openLimits()
    await limits.countFailure('2001:db8:1:2::1')
    await limits.countFailure('2001:db8:1:2::2')
    await limits.countFailure('2001:db8:1:2:ffff::3')

    expect(await limits.lockedForMs('2001:db8:1:2::4')).toBeGreaterThan(0)
    expect(await limits.lockedForMs('2001:db8:1:3::4')).toBe(0)
    store.close()
  })
})

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:0db8:0001:0002:0003:0004:0005:0006', '2001:db8:1:2::/64'],
])('%s counts as %s', (address, key) => {
  expect(toAddressKey(address)).toBe(key)
})
