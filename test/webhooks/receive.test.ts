import { expect, test } from 'vitest'
import { MINUTE } from '../../src/lib/units.js'
import { deliver, listRecorded, send, sendRecorded, sign } from './deliver.js'
import { clock, issue, OLDER, prepareWebhooks, SECRET } from './start-webhooks.js'

const start = prepareWebhooks()

test('every delivery that a running Gitea sent is accepted and understood', async () => {
  // signed anew: a secret as short as the recorded one is refused by the settings
  const { rows, url } = await start()
  for (const recorded of listRecorded()) {
    const signature = sign(SECRET, recorded.body)
    const sent = await sendRecorded(url, recorded, {
      'X-Gitea-Signature': signature,
      'X-Hub-Signature-256': `sha256=${signature}`,
    })
    expect([recorded.name, sent.status, sent.answer.outcome]).toEqual([recorded.name, 202, 'nothing_to_do'])
  }

  const kept = rows()
  expect(kept).toHaveLength(listRecorded().length)
  expect(new Set(kept.map(({ outcome }) => outcome))).toEqual(new Set(['nothing_to_do']))
  expect(kept.filter(({ repository, eventType }) => repository === null && eventType !== 'package')).toEqual([])
})

test('a signed delivery is answered 202 when it and its jobs are kept, and nothing of its text is logged', async () => {
  const { stack, url, rows, jobs } = await start()

  const sent = await deliver(url, SECRET, 'issues', issue(12))

  expect(sent).toMatchObject({ status: 202, answer: { outcome: 'queued', jobs: 1 } })
  expect(rows()).toMatchObject([
    {
      id: sent.answer.delivery,
      eventType: 'issues',
      action: 'opened',
      repository: 'harbor/booking',
      sender: 'bob',
      outcome: 'queued',
    },
  ])
  expect(jobs()).toMatchObject([
    { kind: 'note', repository: 'Harbor/Booking', trigger: 'webhook', triggeredBy: sent.answer.delivery },
  ])
  await stack.aegis.app.automation?.runner.idle()
  expect(jobs()).toMatchObject([{ state: 'done' }])
  const logged = stack.aegis.logLines.join('')
  expect(logged).toContain('"webhook_received"')
  expect(logged).not.toContain('Text of people')
})

test('the same delivery again, or the same event through another hook, is answered 202 and sets nothing off', async () => {
  const { url, rows, jobs } = await start()
  const first = await deliver(url, SECRET, 'issues', issue(1))
  const id = String(first.answer.delivery)

  const again = await deliver(url, SECRET, 'issues', issue(1), { 'x-gitea-delivery': id })
  const otherHook = await deliver(url, OLDER, 'issues', issue(1))

  expect([again, otherHook].map(({ status, answer }) => [status, answer.outcome, answer.jobs])).toEqual([
    [202, 'duplicate', 0],
    [202, 'duplicate', 0],
  ])
  expect(rows().map(({ outcome }) => outcome)).toEqual(['queued', 'duplicate'])
  expect(jobs()).toHaveLength(1)
  // later the same words are another event
  clock.time += 11 * MINUTE
  expect((await deliver(url, SECRET, 'issues', issue(1))).answer.outcome).toBe('queued')
})

test('what nobody here understands is kept all the same', async () => {
  const { url, rows } = await start()

  const unknown = await deliver(url, SECRET, 'tide_turned', issue(1))
  const odd = await deliver(url, SECRET, 'issues', { repository: 'none', number: 'twelve' })
  const broken = await deliver(url, SECRET, 'issues', '{"action": "opened", ')
  const nameless = await send(url, '{}', {
    'content-type': 'application/json',
    'x-gitea-signature': sign(SECRET, '{}'),
  })

  expect([unknown, odd, broken, nameless].map(({ status, answer }) => `${status} ${answer.outcome}`)).toEqual([
    '202 unknown_event',
    '202 not_understood',
    '202 not_understood',
    '202 unknown_event',
  ])
  expect(rows().map(({ eventType, repository }) => `${eventType} ${repository}`)).toEqual([
    'tide_turned harbor/booking',
    'issues null',
    'issues null',
    'unknown null',
  ])
})

test('what automation does sets nothing off, but a push with its account does', async () => {
  const { url } = await start()
  const own = { sender: { login: 'Alice' } }

  expect((await deliver(url, SECRET, 'issues', issue(1, own))).answer).toMatchObject({ outcome: 'nothing_to_do' })
  const push = { ...issue(1, own), ref: 'refs/heads/main', before: 'a'.repeat(40), after: 'b'.repeat(40) }
  expect((await deliver(url, SECRET, 'push', push)).answer).toMatchObject({ outcome: 'queued' })
})

test('where the policy allows no job nothing is set off', async () => {
  const { url } = await start()
  const elsewhere = issue(1, { repository: { id: 9, name: 'notes', private: false, owner: { login: 'alice' } } })

  expect((await deliver(url, SECRET, 'issues', elsewhere)).answer).toMatchObject({ outcome: 'nothing_to_do', jobs: 0 })
})

test('a delivery larger than 32 MB is refused, and one of 5 MB is not', async () => {
  const { url } = await start()
  const large = (bytes: number) => issue(1, { issue: { number: 1, body: 'x'.repeat(bytes) } })

  expect(await deliver(url, SECRET, 'issues', large(5_000_000))).toMatchObject({ status: 202, answer: { jobs: 1 } })
  expect((await deliver(url, SECRET, 'issues', large(33_600_000))).status).toBe(413)
})

test('an event that cannot be kept leaves neither row nor job, and Gitea is told', async () => {
  const { stack, url, rows, jobs } = await start()
  const { sqlite } = stack.aegis.app.store
  sqlite.exec(`CREATE TEMP TRIGGER full BEFORE INSERT ON main.job WHEN NEW.facts LIKE '%"number":2%'
    BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END`)

  const sent = await Promise.all([1, 2, 3].map((number) => deliver(url, SECRET, 'issues', issue(number))))

  expect(sent.map(({ status }) => status)).toEqual([202, 500, 202])
  expect(rows()).toHaveLength(2)
  expect(
    jobs()
      .map(({ facts }) => JSON.parse(facts).number)
      .sort(),
  ).toEqual([1, 3])
  sqlite.exec('DROP TRIGGER temp.full')
  expect((await deliver(url, SECRET, 'issues', issue(2))).status).toBe(202)
})

test('deliveries are kept while an admin has stopped the server, and their jobs wait', async () => {
  const { stack, url, jobs } = await start()
  const { gate, automation } = stack.aegis.app
  gate.panic.turnOn({ level: 'stop', by: 'carol' })

  expect((await deliver(url, SECRET, 'issues', issue(1))).status).toBe(202)
  expect(jobs()).toMatchObject([{ state: 'ready' }])

  gate.panic.turnOff('carol')
  await automation?.runner.idle()
  expect(jobs()).toMatchObject([{ state: 'done' }])
})

test('while Gitea does not say whose the automation’s token is, deliveries are kept all the same and do not each ask', async () => {
  const { stack, url, rows } = await start({ AUTOMATION_TOKEN: 'no-such-token' })
  const { requests } = stack.gitea
  const before = requests.length

  const sent = await Promise.all([1, 2, 3].map((number) => deliver(url, SECRET, 'issues', issue(number))))

  expect(sent.map(({ status }) => status)).toEqual([202, 202, 202])
  expect(rows()).toHaveLength(3)
  expect(requests.slice(before).filter(({ path }) => path === '/api/v1/user').length).toBeLessThanOrEqual(1)
})

test('a large push is understood by its beginning and its end, and its paths are not taken for all of them', async () => {
  const { url, rows } = await start()
  const added = Array.from({ length: 50_000 }, (_, at) => `src/parts/of/a/large/repository/${at}.ts`)
  const { repository, sender } = issue(1)
  const push = {
    ref: 'refs/heads/main',
    before: 'a'.repeat(40),
    after: 'b'.repeat(40),
    commits: [{ added }],
    total_commits: 1,
  }

  const sent = await deliver(url, SECRET, 'push', { ...push, repository, sender })

  expect(sent).toMatchObject({ status: 202, answer: { outcome: 'queued' } })
  const [row] = rows()
  expect(JSON.parse(row?.facts ?? '')).toMatchObject({
    branch: 'main',
    commits: 1,
    sender: 'bob',
    repository: 'Harbor/Booking',
  })
  expect(row?.facts).not.toContain('changed_paths')
})
