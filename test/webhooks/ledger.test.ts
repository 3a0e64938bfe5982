import { expect, test } from 'vitest'
import { createJobQueue } from '../../src/jobs/queue.js'
import { DAY } from '../../src/lib/units.js'
import { createDeliveryLedger } from '../../src/webhooks/ledger.js'
import { seedPeople } from '../support/seed-gitea.js'
import { deliver } from './deliver.js'
import { clock, issue, prepareWebhooks, SECRET } from './start-webhooks.js'

const start = prepareWebhooks()

const repository = (more: Record<string, unknown> = {}) => ({
  id: 7,
  name: 'booking',
  private: false,
  owner: { login: 'harbor' },
  ...more,
})

test('what was known of people’s rights is forgotten when a repository is made, deleted or shown to others', async () => {
  const { stack, url } = await start((token) => ({ GITEA_TOKEN: token, REPO_AUTHZ_CACHE_TTL_SECONDS: '3600' }))
  const { sqlite } = stack.aegis.app.store
  const know = () =>
    sqlite
      .prepare(
        `INSERT OR REPLACE INTO repository_permission (login, repository, rights, checked_at) VALUES (?, ?, '{}', ?)`,
      )
      .run(seedPeople.bob.login, 'harbor/booking', clock.now())
  const isKnown = () => sqlite.prepare('SELECT 1 FROM repository_permission').get() !== undefined
  const tell = async (event: string, payload: unknown) => {
    know()
    clock.time += 1000
    expect((await deliver(url, SECRET, event, payload)).status).toBe(202)
    return isKnown() ? 'known' : 'forgotten'
  }

  expect(await tell('issues', issue(1, { repository: repository() }))).toBe('known')
  expect(await tell('issues', issue(2, { repository: repository() }))).toBe('known')
  expect(await tell('issues', issue(3, { repository: repository({ private: true }) }))).toBe('forgotten')
  expect(await tell('issues', issue(4, { repository: repository({ private: true }) }))).toBe('known')
  expect(await tell('issues', issue(5, { repository: repository({ private: true, id: 8 }) }))).toBe('forgotten')
  expect(await tell('repository', { action: 'deleted', repository: repository({ private: true, id: 8 }) })).toBe(
    'forgotten',
  )
  expect(await tell('issues', issue(6, { repository: repository({ name: 'other' }) }))).toBe('known')
})

test('deliveries that arrive together are each kept once, whatever order they are in', async () => {
  const { url, rows, jobs } = await start()

  const sent = await Promise.all(
    Array.from({ length: 60 }, (_, at) => deliver(url, SECRET, 'issues', issue((at % 20) + 1))),
  )

  expect(sent.map(({ status }) => status)).toEqual(sent.map(() => 202))
  expect(rows()).toHaveLength(60)
  expect(rows().filter(({ outcome }) => outcome === 'queued')).toHaveLength(20)
  expect(jobs()).toHaveLength(20)
})

test('two events that one waiting job serves are kept and make no second one', async () => {
  const { stack, url, jobs } = await start()
  stack.aegis.app.gate.panic.turnOn({ level: 'stop', by: 'carol' })

  const first = await deliver(url, SECRET, 'issues', issue(1))
  const second = await deliver(url, SECRET, 'issues', issue(1, { action: 'edited' }))

  expect([first, second].map(({ answer }) => answer.outcome)).toEqual(['queued', 'queued'])
  expect(jobs()).toHaveLength(1)
})

test('the ledger is swept of what is older than 90 days', async () => {
  const { stack, url } = await start()
  const { store } = stack.aegis.app
  const ledger = createDeliveryLedger({ store, clock, queue: createJobQueue(store, clock) })
  await deliver(url, SECRET, 'issues', issue(1))
  clock.time += 91 * DAY
  const young = await deliver(url, SECRET, 'issues', issue(2))

  expect(ledger.sweep(clock.now() - 90 * DAY)).toBe(1)
  expect(ledger.list({ limit: 10 }).map(({ id }) => id)).toEqual([young.answer.delivery])
})
