import { afterAll, beforeAll, expect, test } from 'vitest'
import { createIssue } from '../../src/tools/create-issue.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
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

async function countIssues(): Promise<number> {
  const response = await fetch(`${gitea.url}/api/v1/repos/harbor/booking/issues?state=all&type=issues&page=1&limit=50`)
  return Number(response.headers.get('x-total-count'))
}

test('opens an issue with labels, people and milestone by name', async () => {
  const text = await alice.text(createIssue, {
    ...booking,
    title: 'Deck plan is upside down',
    body: 'On the *Horta* only.',
    labels: ['BUG', 'help wanted'],
    assignees: ['Alice'],
    milestone: 'winter timetable',
  })

  expect(text).toMatchInlineSnapshot(`
    "Created harbor/booking#7 Deck plan is upside down
    https://gitea.example/harbor/booking/issues/7
    Labels: bug, help wanted. Assigned: alice. Milestone: Winter timetable"
  `)
})

test('takes labels of the organisation', async () => {
  await gitea.addLabel({ owner: 'harbor', name: 'storm', color: '123456' })

  const { data } = await alice.run(createIssue, { ...booking, title: 'Closed harbour', labels: ['Storm', 'bug'] })

  expect(data).toMatchObject({ labels: ['bug', 'storm'], dropped: [] })
})

test('takes a milestone by id, as a number too', async () => {
  const response = await fetch(`${gitea.url}/api/v1/repos/harbor/booking/milestones?page=1`)
  const [milestone] = (await response.json()) as { id: number }[]

  for (const id of [milestone?.id, String(milestone?.id)]) {
    const { data } = await alice.run(createIssue, { ...booking, title: 'By id', milestone: id })

    expect(data.milestone).toBe('Winter timetable')
  }
})

test.each([
  [{ labels: ['bugg'] }, 'There is no label "bugg"; did you mean "bug"?'],
  [{ assignees: ['alic'] }, 'There is no assignable person "alic"; did you mean "alice"?'],
  [{ milestone: 'Winter timetables' }, 'There is no milestone "Winter timetables"; did you mean "Winter timetable"?'],
  [{ milestone: '4711' }, 'There is no milestone "4711". There are: Winter timetable.'],
])('an unknown name creates nothing: %j', async (names, reason) => {
  const before = await countIssues()

  await expect(alice.run(createIssue, { ...booking, title: 'Never', ...names })).rejects.toThrow(reason)
  expect(await countIssues()).toBe(before)
})

test('says what Gitea left out for someone who may not triage', async () => {
  const mallory = await createToolRunner(gitea, 'mallory')

  const { data, text } = await mallory.run(createIssue, {
    ...booking,
    title: 'From outside',
    labels: ['bug'],
    assignees: ['alice'],
    milestone: 'Winter timetable',
  })

  expect(data.dropped).toEqual(['label bug', 'assignee alice', 'milestone Winter timetable'])
  expect(text).toContain('Gitea left out label bug, assignee alice, milestone Winter timetable')
  await mallory.close()
})

test('an archived repository refuses by name', async () => {
  await gitea.addRepository({ owner: 'alice', name: 'attic', files: { 'a.md': 'a' }, archived: true })

  await expect(alice.run(createIssue, { owner: 'alice', repo: 'attic', title: 'x' })).rejects.toMatchObject({
    rule: 'gitea.archived',
  })
})

test('a sign-in that may only read is told which scope is missing', async () => {
  const reader = await createToolRunner(gitea, 'alice', ['read:user', 'read:repository', 'read:issue'])

  await expect(reader.run(createIssue, { ...booking, title: 'x' })).rejects.toMatchObject({
    rule: 'gitea.scope',
    message: expect.stringContaining('write:issue'),
  })
  await reader.close()
})

test('a caller who has left creates nothing', async () => {
  const before = await countIssues()

  await expect(
    alice.run(createIssue, { ...booking, title: 'Too late' }, { signal: AbortSignal.abort() }),
  ).rejects.toMatchObject({ code: 'cancelled' })
  expect(await countIssues()).toBe(before)
})

test('a blank title is refused', async () => {
  await expect(alice.run(createIssue, { ...booking, title: '  ' })).rejects.toThrow('must not be blank')
})
