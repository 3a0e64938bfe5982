import { afterAll, beforeAll, expect, test } from 'vitest'
import { listMilestones } from '../../src/tools/list-milestones.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner

const booking = { owner: 'harbor', repo: 'booking' }

beforeAll(async () => {
  gitea = await startGitea()
  await gitea.addMilestone({ ...booking, title: 'Spring', description: 'New quay\nin Brevik', dueOn: '2027-03-20' })
  await gitea.addMilestone({ ...booking, title: 'Summer timetable', closed: true })
  alice = await createToolRunner(gitea)
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

test('lists open milestones with what is left to do', async () => {
  expect(await alice.text(listMilestones, booking)).toMatchInlineSnapshot(`
    "2 open milestones in harbor/booking.
    Winter timetable (1 open issue, 0 closed): Everything for the change in October
    Spring (0 open issues, 0 closed), due 2027-03-20: New quay in Brevik"
  `)
})

test('closed ones come when asked for', async () => {
  expect(await alice.text(listMilestones, { ...booking, state: 'closed' })).toBe(
    '1 closed milestone in harbor/booking.\nSummer timetable (0 open issues, 0 closed), closed <today>',
  )
  expect(await alice.text(listMilestones, { ...booking, state: 'all' })).toContain('3 milestones in harbor/booking.')
})

test('says how to get the next page', async () => {
  expect(await alice.text(listMilestones, { ...booking, limit: 1 })).toContain(
    '2 open milestones in harbor/booking; 1-1 here, page=2 continues.',
  )
})

test('says that there are none', async () => {
  expect(await alice.text(listMilestones, { owner: 'alice', repo: 'field-notes' })).toBe(
    'No open milestones in alice/field-notes.',
  )
})

test('a repository that is not there is named', async () => {
  await expect(alice.run(listMilestones, { owner: 'harbor', repo: 'ghost' })).rejects.toThrow(
    'There is no repository harbor/ghost',
  )
})
