import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMilestone } from '../../src/tools/create-milestone.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

const booking = { owner: 'harbor', repo: 'booking' }

test('makes a milestone that is due at the end of its day', async () => {
  const text = await alice.text(createMilestone, {
    ...booking,
    title: 'Summer timetable',
    description: 'More ships',
    due_on: '2027-04-30',
  })

  expect(text.replaceAll(/(id |milestone\/)\d+/g, '$1<n>')).toMatchInlineSnapshot(`
    "Created milestone Summer timetable (id <n>) in harbor/booking, due 2027-04-30
    https://gitea.example/harbor/booking/milestone/<n>"
  `)
  expect(await sendToGitea(gitea, 'alice', 'GET', '/repos/harbor/booking/milestones?name=Summer')).toMatchObject([
    { title: 'Summer timetable', description: 'More ships', due_on: '2027-04-30T23:59:59Z', state: 'open' },
  ])
})

test('a time counts as its day', async () => {
  const { data } = await alice.run(createMilestone, {
    ...booking,
    title: 'Dry dock',
    due_on: '2027-02-01T08:00:00+01:00',
  })

  expect(data.due_on).toBe('2027-02-01T23:59:59Z')
})

test('a due date is not needed', async () => {
  const { data, text } = await alice.run(createMilestone, { ...booking, title: 'Some day' })

  expect(data).toMatchObject({ title: 'Some day', due_on: '' })
  expect(text).not.toContain('due')
})

test.each([
  [{ title: 'winter  timetable' }, /There is a milestone "Winter timetable" \(id \d+, open\) already/],
  [{ title: ' ' }, 'must not be blank'],
  [{ title: 'x', due_on: '2027-02-30' }, 'must be a day like 2026-12-24'],
  [{ title: 'x', due_on: 'tomorrow' }, 'must be a day like 2026-12-24'],
])('refuses %j', async (milestone, reason) => {
  await expect(alice.run(createMilestone, { ...booking, ...milestone })).rejects.toThrow(reason)
})

test('somebody without write access is refused', async () => {
  const mallory = await createToolRunner(gitea, 'mallory')

  await expect(mallory.run(createMilestone, { ...booking, title: 'Mine' })).rejects.toMatchObject({
    rule: 'gitea.permission',
  })
  await mallory.close()
})
