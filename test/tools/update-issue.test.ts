import { afterAll, beforeAll, expect, test } from 'vitest'
import { updateIssue } from '../../src/tools/update-issue.js'
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

function readIssue(number: number): Promise<unknown> {
  return sendToGitea(gitea, 'alice', 'GET', `/repos/harbor/booking/issues/${number}`)
}

test('changes text, state and milestone of an issue', async () => {
  const text = await alice.text(updateIssue, {
    ...booking,
    issue_number: 2,
    title: 'Let passengers correct their name on a ticket',
    state: 'closed',
    milestone: 'winter timetable',
  })

  expect(text).toMatchInlineSnapshot(`
    "Updated harbor/booking#2 Let passengers correct their name on a ticket (title, closed, milestone Winter timetable)
    https://gitea.example/harbor/booking/issues/2"
  `)
  expect(await readIssue(2)).toMatchObject({ state: 'closed', milestone: { title: 'Winter timetable' } })
})

test('what is not given stays, and an empty body clears the text', async () => {
  const index = await gitea.addIssue({ ...booking, author: 'alice', title: 'Fog', body: 'Thick', labels: ['bug'] })

  const { text } = await alice.run(updateIssue, { ...booking, issue_number: index, body: '' })

  expect(text).toContain(`Updated harbor/booking#${index} Fog (text)`)
  expect(await readIssue(index)).toMatchObject({ title: 'Fog', body: '', state: 'open', labels: [{ name: 'bug' }] })
})

test.each([[0], ['0']])('milestone %j clears it', async (milestone) => {
  const index = await gitea.addIssue({ ...booking, author: 'bob', title: 'Ice', milestone: 'Winter timetable' })

  const { data, text } = await alice.run(updateIssue, { ...booking, issue_number: index, milestone })

  expect(data).toMatchObject({ milestone: '', changed: ['milestone'], dropped: [] })
  expect(text).toContain('Ice (no milestone)')
})

test('a milestone may be given by its id, as a number too', async () => {
  const [milestone] = (await sendToGitea(gitea, 'alice', 'GET', '/repos/harbor/booking/milestones?page=1')) as {
    id: number
  }[]

  const { data } = await alice.run(updateIssue, { ...booking, issue_number: 4, milestone: milestone?.id })

  expect(data.milestone).toBe('Winter timetable')
})

test('works on a pull request and says so', async () => {
  const { data, text } = await alice.run(updateIssue, { ...booking, issue_number: 6, milestone: 'Winter timetable' })

  expect(data).toMatchObject({ pull_request: true })
  expect(text).toContain('Updated pull request harbor/booking#6')
})

test('an unknown milestone changes nothing', async () => {
  const change = { ...booking, issue_number: 3, title: 'Never', milestone: 'Winter timetables' }

  await expect(alice.run(updateIssue, change)).rejects.toThrow(
    'There is no milestone "Winter timetables"; did you mean "Winter timetable"?',
  )
  expect(await readIssue(3)).toMatchObject({ title: 'Rotate the keys in the infra repository' })
})

test('an issue that waits for another does not close, and keeps its title', async () => {
  const first = await gitea.addIssue({ ...booking, author: 'alice', title: 'First' })
  const second = await gitea.addIssue({ ...booking, author: 'alice', title: 'Second' })
  await sendToGitea(gitea, 'alice', 'POST', `/repos/harbor/booking/issues/${second}/dependencies`, {
    ...booking,
    index: first,
  })

  await expect(
    alice.run(updateIssue, { ...booking, issue_number: second, title: 'Done', state: 'closed' }),
  ).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('depends on issues that are still open'),
  })
  expect(await readIssue(second)).toMatchObject({ title: 'Second', state: 'open' })
})

test('an author who may not triage changes the text, and is told that the milestone stayed', async () => {
  const mallory = await createToolRunner(gitea, 'mallory')
  const own = { ...booking, issue_number: 4 }

  const { data, text } = await mallory.run(updateIssue, { ...own, title: 'Please', milestone: 0 })

  expect(data).toMatchObject({ title: 'Please', changed: ['title'], dropped: ['milestone'] })
  expect(text).toContain('Gitea left out the milestone')
  await expect(mallory.run(updateIssue, { ...own, milestone: 0 })).rejects.toMatchObject({ rule: 'gitea.permission' })
  await mallory.close()
})

test('somebody else without write access is refused', async () => {
  const mallory = await createToolRunner(gitea, 'mallory')

  await expect(mallory.run(updateIssue, { ...booking, issue_number: 1, title: 'x' })).rejects.toMatchObject({
    rule: 'gitea.permission',
  })
  await mallory.close()
})

test.each([
  [{}, 'at least one of title, body, state and milestone'],
  [{ title: ' \n ' }, 'must not be blank'],
  [{ state: 'merged' }, 'open'],
  [{ milestone: '' }, 'There is no milestone ""'],
])('refuses %j', async (change, reason) => {
  await expect(alice.run(updateIssue, { ...booking, issue_number: 1, ...change })).rejects.toThrow(reason)
})

test('a missing issue is not found', async () => {
  await expect(alice.run(updateIssue, { ...booking, issue_number: 9999, state: 'closed' })).rejects.toMatchObject({
    code: 'not_found',
    message: expect.stringContaining('#9999 in harbor/booking'),
  })
})
