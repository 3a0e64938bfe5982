import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { openStore, type Store } from '../../src/db/open.js'
import { createPanicSwitch, type PanicSwitch } from '../../src/gate/panic.js'
import { systemClock } from '../../src/lib/clock.js'
import { createTempFolder } from '../support/temp-folder.js'
import { runAegis } from './run-aegis.js'

let store: Store | undefined
afterEach(() => store?.close())

/** A server that holds its database open. */
function startServer(): { readonly folder: string; readonly store: Store; readonly running: PanicSwitch } {
  const folder = createTempFolder()
  store = openStore({ path: join(folder, 'data', 'aegis.db'), migrationsPath: 'migrations' })
  return { folder, store, running: createPanicSwitch(store, systemClock) }
}

const panic = (folder: string, ...args: string[]) => runAegis(['panic', ...args], { cwd: folder })

/** What the server will put into its audit log. */
const readLeft = ({ sqlite }: Store) =>
  sqlite
    .prepare<[], { event: string }>('SELECT event FROM audit_outbox ORDER BY id')
    .all()
    .map(({ event }) => JSON.parse(event))

test('says what is in force, and its exit code tells it to scripts', async () => {
  const { folder } = startServer()

  const before = await panic(folder, 'status')
  const on = await panic(folder, 'on', '--reason', 'strange comments', '--by', 'carol')
  const during = await panic(folder, 'status')
  const asJson = await panic(folder, 'status', '--json')
  const off = await panic(folder, 'off')

  expect(before).toMatchObject({ code: 0, stdout: 'Panic is off: everything runs.\n' })
  expect(on).toMatchObject({ code: 0, stdout: expect.stringMatching(/only reads.*from the next request.*panic off/) })
  expect(during).toMatchObject({ code: 1, stdout: expect.stringMatching(/Since 20\S+, by carol: strange comments/) })
  expect(JSON.parse(asJson.stdout)).toMatchObject({ level: 'read_only', reason: 'strange comments', by: 'carol' })
  expect(off).toMatchObject({ code: 0, stdout: expect.stringContaining('Everything runs again') })
  expect((await panic(folder, 'status')).code).toBe(0)
})

test('the server that runs beside it sees each order at once', async () => {
  const { folder, running } = startServer()

  await panic(folder, 'on', '--by', 'carol')
  expect(running.current()).toMatchObject({ level: 'read_only', by: 'carol' })
  await panic(folder, 'on', '--stop', '--reason', 'a stolen laptop', '--by', 'dave')
  expect(running.current()).toMatchObject({ level: 'stop', reason: 'a stolen laptop', by: 'dave' })
  await panic(folder, 'off')
  expect(running.current()).toBeUndefined()
})

test('every order is left for the audit log, with who gave it; one that changes nothing is not', async () => {
  const { folder, store } = startServer()

  await panic(folder, 'off', '--by', 'erin')
  await panic(folder, 'on', '--stop', '--reason', 'why', '--by', 'carol')
  await panic(folder, 'off', '--by', 'dave')

  expect(readLeft(store)).toEqual([
    expect.objectContaining({
      reason: 'panic_on',
      via: 'command',
      details: { level: 'stop', reason: 'why', by: 'carol', at: expect.stringMatching(/^20/) },
    }),
    expect.objectContaining({ reason: 'panic_off', details: expect.objectContaining({ level: 'stop', by: 'dave' }) }),
  ])
})

test('a restart of the server changes nothing about it', async () => {
  const { folder, store: first } = startServer()
  await panic(folder, 'on', '--stop')
  first.close()

  store = openStore({ path: join(folder, 'data', 'aegis.db'), migrationsPath: 'migrations' })

  expect(createPanicSwitch(store, systemClock).current()).toMatchObject({ level: 'stop' })
})

test.each([
  [[], 'Name what to do'],
  [['now'], 'not a way'],
  [['on', 'stop'], 'nothing to do with “stop”'],
  [['off', '--stop'], 'not a way'],
  [['status', '--by', 'x'], 'not a way'],
  [['on', '--reason', 'x\u001b[2K'], '--reason is one line'],
  [['on', '--reason', 'x'.repeat(301)], '--reason is one line'],
  [['on', '--by', ' '], '--by is one line'],
])('refuses %j and changes nothing', async (args, words) => {
  const { folder, running } = startServer()

  const said = await panic(folder, ...args)

  expect(said).toMatchObject({ code: 2, stderr: expect.stringContaining(words) })
  expect(running.current()).toBeUndefined()
})

test('an order in the database that cannot be read stops everything', () => {
  const { store, running } = startServer()

  store.sqlite.prepare("INSERT INTO server_switch VALUES ('panic', 'yes please', 0, 'x')").run()

  expect(running.current()).toMatchObject({ level: 'stop', reason: expect.stringContaining('cannot be read') })
})
