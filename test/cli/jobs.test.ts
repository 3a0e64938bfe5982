import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../src/db/open.js'
import { createJobQueue, type JobQueue, type NewJob } from '../../src/jobs/queue.js'
import { systemClock } from '../../src/lib/clock.js'
import { createTempFolder } from '../support/temp-folder.js'
import { runAegis } from './run-aegis.js'

const POLICY = `defaults: {read: allow, write: deny}
repositories:
  acme/web:
    tools:
      allow: [automation_stale_issue_detection]
  acme/api:
    tools:
      approve: [automation_stale_issue_detection]
`

/** A server that holds its database open. */
function startServer(): {
  queue: JobQueue
  jobs(args: readonly string[], env?: NodeJS.ProcessEnv): ReturnType<typeof runAegis>
  add(more?: Partial<NewJob>): string
  /** What commands left for the audit log. */
  events(): Record<string, unknown>[]
} {
  const folder = createTempFolder()
  writeFileSync(join(folder, 'policy.yaml'), POLICY)
  const store = openStore({ path: join(folder, 'data', 'aegis.db'), migrationsPath: 'migrations' })
  onTestFinished(() => store.close())
  const queue = createJobQueue(store, systemClock)
  return {
    queue,
    jobs: (args, env = { AUTOMATION_ENABLED: 'true' }) =>
      runAegis(['jobs', ...args], { cwd: folder, env: { POLICY_FILE_PATH: 'policy.yaml', ...env } }),
    add: (more = {}) =>
      queue.enqueue({
        kind: 'stale_issue_detection',
        repository: 'acme/web',
        trigger: 'webhook',
        triggeredBy: 'delivery-1',
        ...more,
      }).id,
    events: () =>
      store.sqlite
        .prepare<[], string>('SELECT event FROM audit_outbox ORDER BY id')
        .pluck()
        .all()
        .map((event) => Object(JSON.parse(event))),
  }
}

const stable = (text: string, id: string) =>
  text
    .replaceAll(id, '<id>')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replaceAll(/in \d+\.\d s/g, 'in <n> s')

test('asks the running server for a run, in the name of who asks, and it is in the audit log', async () => {
  const { jobs, queue, events } = startServer()

  const asked = await jobs([
    'run',
    'stale_issue_detection',
    'acme/web',
    '--dry-run',
    '--parameters',
    '{"days_until_stale": 60}',
    '--by',
    'carol',
  ])
  const [row] = queue.list({ limit: 1 })
  const id = row?.id ?? ''

  expect(asked.stderr).toBe('')
  expect(stable(asked.stdout, id)).toMatchInlineSnapshot(`
    "<id>  ready  stale_issue_detection  acme/web  dry run
      asked <time> by manual carol, due now
      aegis jobs show <id>
    "
  `)
  expect(row).toMatchObject({ trigger: 'manual', triggeredBy: 'carol', dryRun: true, state: 'ready' })
  expect(events()).toMatchObject([
    {
      reason: 'job_asked_for',
      via: 'command',
      details: { by: 'carol', job: 'stale_issue_detection', run: id, repository: 'acme/web', dry_run: true },
    },
  ])
})

test('--wait stays until the run has ended, shows it, and says by its exit code how it went', async () => {
  const { jobs, queue } = startServer()
  const work = (end: 'done' | 'dead') => {
    const look = setInterval(() => {
      const held = queue.claim(60_000)
      if (held === undefined) return
      clearInterval(look)
      if (end === 'done') queue.finish(held, { summary: 'Warned 2 issues.', effects: [] })
      else queue.end(held, 'dead', 'Gitea said no.')
    }, 50)
  }

  work('done')
  const done = await jobs(['run', 'stale_issue_detection', 'acme/web', '--wait'])
  work('dead')
  const dead = await jobs(['run', 'stale_issue_detection', 'acme/web', '--wait'])

  expect(done.code).toBe(0)
  expect(done.stdout).toContain('Warned 2 issues.')
  expect(dead.code).toBe(1)
  expect(dead.stdout).toContain('Gitea said no.')
  expect(dead.stdout).toContain('When what it says is mended: aegis jobs retry')
})

test('what cannot run is refused with what would be right', async () => {
  const { jobs, queue, events } = startServer()

  const unknown = await jobs(['run', 'stale_isue_detection', 'acme/web'])
  const closed = await jobs(['run', 'stale_issue_detection', 'acme/docs'])
  const asking = await jobs(['run', 'stale_issue_detection', 'acme/api'])
  const wrong = await jobs(['run', 'stale_issue_detection', 'acme/web', '--parameters', '{"weeks": 2}'])
  const off = await jobs(['run', 'stale_issue_detection', 'acme/web'], {})
  const odd = await jobs(['run', 'stale_issue_detection', 'acme'])
  const noJson = await jobs(['run', 'stale_issue_detection', 'acme/web', '--parameters', 'weeks=2'])

  expect([unknown, closed, asking, wrong, off, odd, noJson].map(({ code }) => code)).toEqual([1, 1, 1, 1, 1, 2, 2])
  expect(unknown.stderr).toContain('There is no job “stale_isue_detection”. Did you mean stale_issue_detection?')
  expect(closed.stderr).toContain('does not let stale_issue_detection run in acme/docs:')
  expect(closed.stderr).toContain('→ deny by defaults.write')
  expect(closed.stderr).toContain('Add automation_stale_issue_detection to repositories.acme/docs.tools.allow')
  expect(asking.stderr).toMatch(/→ approve by repositories\.acme\/api\.tools\.approve\[0\]/)
  expect(wrong.stderr).toMatch(/stale_issue_detection cannot run with these parameters: .*weeks/)
  expect(wrong.stderr).toMatch(/^ {2}days_until_stale: .+$/m)
  expect(off.stderr).toContain('Set AUTOMATION_ENABLED=true')
  expect(odd.stderr).toContain('owner/name')
  expect(noJson.stderr).toContain(`'{"days": 60}'`)
  expect(queue.counts().ready).toBe(0)
  expect(events()).toEqual([])
})

test('lists runs by repository, job and state', async () => {
  const { jobs, queue, add } = startServer()
  add()
  const held = queue.claim(60_000)
  if (held !== undefined) queue.end(held, 'dead', 'Gitea\u001b[31m said no.')
  const waiting = add({ repository: 'acme/api', kind: 'label_sync', dryRun: true, runAt: Date.now() + 3_600_000 })

  const dead = await jobs(['list', '--state', 'dead', '--repo', 'ACME/web', '--job', 'stale_issue_detection'])
  const all = await jobs(['list', '--json'])
  const one = await jobs(['list', '--limit', '1'])

  expect(stable(dead.stdout, held?.id ?? '')).toMatchInlineSnapshot(`
    "<id>  dead  stale_issue_detection  acme/web
      asked <time> by webhook delivery-1, ended <time> in <n> s, one attempt: Gitea\\u{1b}[31m said no.
    "
  `)
  expect(
    JSON.parse(all.stdout)
      .map(({ state }: { state: string }) => state)
      .sort(),
  ).toEqual(['dead', 'ready'])
  expect(one.stdout).toContain('1 more; --limit shows them.')
  expect((await jobs(['list', '--job', 'label_sync'])).stdout).toContain(
    `${waiting}  ready  label_sync  acme/api  dry run`,
  )
  expect((await jobs(['list', '--state', 'cancelled'])).stdout).toBe('There is no such run.\n')
  expect((await jobs(['list', '--state', 'lost'])).stderr).toContain('--state is one of ready, running')
  expect((await jobs(['list', '--job', 'lable_sync'])).stderr).toContain('Did you mean label_sync?')
})

test('shows what a run did, found and left', async () => {
  const { jobs, queue, add } = startServer()
  const id = add({ facts: { event: 'push', number: 12 }, parameters: { days: 3 } })
  const held = queue.claim(60_000)
  if (held === undefined) throw new Error('nothing is due')
  queue.finish(held, {
    summary: 'Warned 1 issue.',
    left: '3 issues.',
    findings: [
      {
        fingerprint: 'f',
        rule: 'floating_tag',
        severity: 'warning',
        message: 'No digest.',
        path: 'Dockerfile',
        line: 3,
      },
    ],
    effects: [
      { tool: 'create_issue_comment', what: 'comment on #12', status: 'made', made: 'https://git.example/12' },
      { tool: 'add_labels', what: 'label #12', status: 'already_made' },
    ],
  })

  const { stdout } = await jobs(['show', id])

  expect(stable(stdout, id)).toMatchInlineSnapshot(`
    "<id>  done  stale_issue_detection  acme/web
      asked <time> by webhook delivery-1, ended <time> in <n> s, one attempt
      parameters: days=3
      set off by: event=push, number=12

    Warned 1 issue.
    It changed:
      comment on #12  https://git.example/12
      label #12 (an earlier attempt did)
    It found:
      warning floating_tag Dockerfile:3: No digest.
    Left for the next run: 3 issues.
    "
  `)
})

test('shows of a dry run exactly what it would send', async () => {
  const { jobs, queue, add } = startServer()
  const id = add({ dryRun: true })
  const held = queue.claim(60_000)
  if (held === undefined) throw new Error('nothing is due')
  const args = { owner: 'acme', repo: 'web', issue_number: 12, labels: ['a', 'b'], body: `First\n${'x'.repeat(500)}` }
  queue.finish(held, {
    summary: 'Would warn 1 issue.',
    effects: [{ tool: 'create_issue_comment', what: 'comment on #12', status: 'planned', arguments: args }],
  })

  const { stdout } = await jobs(['show', id])

  expect(stable(stdout.replace('x'.repeat(500), '<500 x>'), id)).toMatchInlineSnapshot(`
    "<id>  done  stale_issue_detection  acme/web  dry run
      asked <time> by webhook delivery-1, ended <time> in <n> s, one attempt

    Would warn 1 issue.
    It would change:
      comment on #12
        create_issue_comment
          owner=acme
          repo=web
          issue_number=12
          labels=["a","b"]
          body:
            | First
            | <500 x>
    "
  `)
  expect(JSON.parse((await jobs(['show', id, '--json'])).stdout).report.effects[0].arguments).toEqual(args)
})

test('a dead run is tried again, others say why they are not', async () => {
  const { jobs, queue, add, events } = startServer()
  const id = add()
  const held = queue.claim(60_000)
  if (held !== undefined) queue.end(held, 'dead', 'Gitea said no.')
  const shown = await jobs(['show', id])

  const retried = await jobs(['retry', id, '--by', 'carol'])
  const again = await jobs(['retry', id])

  expect(shown.stdout).toContain(`aegis jobs retry ${id}`)
  expect(retried.code).toBe(0)
  expect(queue.find(id)).toMatchObject({ state: 'ready', attempts: 0 })
  expect(again.stderr).toContain('is waiting already')
  expect(events()).toMatchObject([{ reason: 'job_retried', details: { by: 'carol', run: id } }])
})

test('a run is cancelled with who and why, once', async () => {
  const { jobs, queue, add, events } = startServer()
  const id = add()

  const cancelled = await jobs(['cancel', id, '--reason', 'release day', '--by', 'carol'])
  const again = await jobs(['cancel', id])

  expect(cancelled.stdout).toBe(`${id} is cancelled.\n`)
  expect(queue.find(id)).toMatchObject({ state: 'cancelled', lastError: 'Cancelled by carol: release day' })
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('is cancelled already') })
  expect(events()).toMatchObject([
    { reason: 'job_cancelled', details: { by: 'carol', was: 'ready', reason: 'release day' } },
  ])
})

test('an id that there is not, and a command that there is not, are named', async () => {
  const { jobs } = startServer()

  for (const action of ['show', 'retry', 'cancel']) {
    expect((await jobs([action, '0123456789'])).stderr).toContain('There is no run 0123456789. aegis jobs list')
  }
  expect((await jobs(['cancle', 'x'])).stderr).toContain('Did you mean cancel?')
  expect(await jobs([])).toMatchObject({ code: 2 })
})
