import { afterAll, beforeAll, expect, test } from 'vitest'
import { getIssueTimeline } from '../../src/tools/get-issue-timeline.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner
let issue_number: number

const booking = { owner: 'harbor', repo: 'booking' }

function send(method: string, path: string, body?: unknown, login = 'alice'): Promise<unknown> {
  return sendToGitea(gitea, login, method, `/repos/harbor/booking/issues/${issue_number}${path}`, body)
}

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
  issue_number = await gitea.addIssue({ ...booking, author: 'bob', title: 'Gangway is short', body: 'Half a metre.' })
  await send('PATCH', '', { title: 'Gangway is too short at low tide' })
  await send('POST', '/labels', { labels: ['bug'] })
  await send('PATCH', '', { assignees: ['alice'] })
  await send('POST', '/comments', { body: `Measured it.\n\n${'It is 4.1 m at low tide. '.repeat(10)}` }, 'bob')
  await send('POST', '/dependencies', { owner: 'harbor', repo: 'booking', index: 2 })
  await send('PATCH', '', { milestone: 0, assignees: [] })
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

test('tells what happened in a line each, with what it waits for on top', async () => {
  expect(await alice.text(getIssueTimeline, { ...booking, issue_number })).toMatchInlineSnapshot(`
    "Depends on: #2 Let passengers change their name on a ticket
    6 events on harbor/booking#7.
    <today> alice: title: Gangway is short -> Gangway is too short at low tide
    <today> alice: +bug; assigned alice
    <today> bob: commented: Measured it. It is 4.1 m at low tide. It is 4.1 m at low tide. It is 4.1 m at low tide. It is 4.1 m at low tide. It is 4…
    <today> alice: added dependency #2; unassigned alice"
  `)
})

test('an issue that others wait for says so', async () => {
  const text = await alice.text(getIssueTimeline, { ...booking, issue_number: 2 })

  expect(text).toMatch(/^Blocks: #\d+ Gangway is too short at low tide\n/)
})

test('works for pull requests', async () => {
  expect(await alice.text(getIssueTimeline, { ...booking, issue_number: 6 })).toContain('asked bob for a review')
})

test('says how to get the next page, and when that is the last', async () => {
  const first = await alice.text(getIssueTimeline, { ...booking, issue_number, limit: 4 })
  const second = await alice.text(getIssueTimeline, { ...booking, issue_number, limit: 4, page: 2 })

  expect(first).toContain('; 1-4 here, page=2 continues.')
  expect(first).not.toContain('unassigned')
  expect(second).toContain('; 5-6 here, the last.')
  expect(second).toContain('unassigned alice')
})

test('text of people who are not trusted is withheld, what Gitea says about them is not', async () => {
  const { text, data } = await alice.run(
    getIssueTimeline,
    { ...booking, issue_number },
    { trusts: (login) => login !== 'bob' },
  )

  expect(text).toContain('bob: commented: [withheld: bob cannot write here]')
  expect(text).toContain('1 text withheld')
  expect(JSON.stringify(data)).not.toContain('Measured')
  expect(text).toContain('assigned alice')
})

test('other repositories that this connection may not use are not named', async () => {
  const args = { ...booking, issue_number }
  const { text, data } = await alice.run(getIssueTimeline, args, { mayUseRepository: () => false })

  expect(text).toContain('Depends on: 1 not shown here')
  expect(data).toMatchObject({ depends_on: { issues: [], hidden: 1 } })
  expect(text).toContain('added dependency on one not shown here')
})

test('a secret in a comment is masked before the comment is shortened', async () => {
  const maskSecrets = (text: string) => text.replaceAll('Measured', '[masked]')

  expect(await alice.text(getIssueTimeline, { ...booking, issue_number }, { maskSecrets })).toContain('[masked] it.')
})

test('an issue nothing happened to says so', async () => {
  const quiet = await gitea.addIssue({ ...booking, author: 'alice', title: 'Quiet' })

  expect(await alice.text(getIssueTimeline, { ...booking, issue_number: quiet })).toBe(
    `No events on harbor/booking#${quiet}.`,
  )
})

test('an issue that is not there is named', async () => {
  await expect(alice.run(getIssueTimeline, { ...booking, issue_number: 4711 })).rejects.toThrow(
    'There is no issue #4711 in harbor/booking',
  )
})
