import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStore, type Store } from '../../src/db/open.js'
import { type Approvals, createApprovals } from '../../src/gate/approvals.js'
import { systemClock } from '../../src/lib/clock.js'
import { buildCaller } from '../support/build-caller.js'
import { createTempFolder } from '../support/temp-folder.js'
import { runAegis } from './run-aegis.js'

/** A server that holds its database open, with calls that wait. */
function startServer(): { folder: string; store: Store; approvals: Approvals; ask(summary?: string): string } {
  const folder = createTempFolder()
  const store = openStore({ path: join(folder, 'data', 'aegis.db'), migrationsPath: 'migrations' })
  const approvals = createApprovals(store, systemClock)
  return {
    folder,
    store,
    approvals,
    ask: (summary = 'create an issue in acme/web') =>
      approvals.take({
        caller: buildCaller(),
        tool: 'create_issue',
        canonicalArgs: JSON.stringify({ summary }),
        summary,
        rule: 'policy.yaml:3',
      }).id,
  }
}

const approve = (folder: string, ...args: string[]) => runAegis(['approvals', ...args], { cwd: folder })

test('an admin sees what waits and says yes beside the running server', async () => {
  const { folder, store, ask } = startServer()
  const id = ask()

  const listed = await approve(folder, 'list')
  const said = await approve(folder, 'approve', id, '--by', 'carol')

  expect(listed.stdout).toContain(id)
  expect(listed.stdout).toContain('create_issue: create an issue in acme/web')
  expect(said).toMatchObject({ code: 0, stdout: expect.stringContaining(`${id} is approved by carol.`) })
  expect(ask()).toBe(id)
  expect((await approve(folder, 'list')).stdout).toBe('No call waits for an approval.\n')
  store.close()
})

test('the yes is found by the next same call, with the name of who gave it', async () => {
  const { folder, store, approvals, ask } = startServer()
  const id = ask()

  await approve(folder, 'approve', id, '--by', 'carol')

  const call = { caller: buildCaller(), tool: 'create_issue', summary: '', rule: '' }
  const canonicalArgs = JSON.stringify({ summary: 'create an issue in acme/web' })
  expect(approvals.take({ ...call, canonicalArgs })).toEqual({ status: 'approved', id, decidedBy: 'carol' })
  store.close()
})

test('a no is kept, and neither answer can be given twice', async () => {
  const { folder, store, ask } = startServer()
  const id = ask()

  const denied = await approve(folder, 'deny', id, '--by', 'carol')
  const again = await approve(folder, 'approve', id, '--by', 'dave')
  const unknown = await approve(folder, 'approve', 'nonsense')

  expect(denied).toMatchObject({ code: 0, stdout: `${id} is denied by carol.\n` })
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('is denied') })
  expect(unknown).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/no approval request nonsense.*aegis approvals list/),
  })
  store.close()
})

test('lists as JSON, and with --all also what was answered', async () => {
  const { folder, store, ask } = startServer()
  const first = ask('first')
  const second = ask('second')
  await approve(folder, 'deny', first, '--by', 'carol')

  const waiting = JSON.parse((await approve(folder, 'list', '--json')).stdout) as { id: string }[]
  const all = await approve(folder, 'list', '--all')

  expect(waiting.map(({ id }) => id)).toEqual([second])
  expect(all.stdout).toMatch(new RegExp(`${first}  denied by carol`))
  store.close()
})

test('text that a model chose cannot move the cursor or hide anything in the terminal', async () => {
  const { folder, store, ask } = startServer()
  ask('harmless\u001b[2K\u001b[1Gapproved\nx \u202egnp.exe')

  const { stdout } = await approve(folder, 'list')

  expect(stdout).toContain('harmless\\u{1b}[2K\\u{1b}[1Gapproved\\u{a}x \\u{202e}gnp.exe')
  expect(stdout).not.toContain('\u001b')
  store.close()
})

test('without a usable database it says which one is missing or why', async () => {
  const folder = createTempFolder()
  const missing = await approve(folder, 'list')
  const { folder: used, store } = startServer()
  store.sqlite.prepare("INSERT INTO migration (name, sha256) VALUES ('9999_later.sql', 'x')").run()
  store.close()
  const newer = await approve(used, 'list')
  const old = openStore({ path: join(folder, 'data', 'aegis.db'), migrationsPath: createTempFolder() })
  old.close()
  const earlier = await approve(folder, 'list')

  expect(missing).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/There is no database at .*Set DATABASE_PATH/),
  })
  expect(newer).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/written by another version \(9999_later\.sql\)/),
  })
  expect(earlier).toMatchObject({ code: 1, stderr: expect.stringMatching(/earlier version\. Start the server once/) })
})
