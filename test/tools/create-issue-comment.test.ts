import { afterAll, beforeAll, expect, test } from 'vitest'
import { createIssueComment } from '../../src/tools/create-issue-comment.js'
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

test('adds a comment and says where it is', async () => {
  const text = await alice.text(createIssueComment, {
    ...booking,
    issue_number: 1,
    body: 'Seen on the *Horta* too.\n\n- [ ] test',
  })

  expect(text.replaceAll(/(comment[ -])\d+/g, '$1<n>')).toMatchInlineSnapshot(`
    "Added comment <n> to harbor/booking#1 Departure time is one hour off after the clocks change
    https://gitea.example/harbor/booking/issues/1#issuecomment-<n>"
  `)
})

test('Gitea gets the Markdown as it was written', async () => {
  const body = '  # Title\r\n\n<b>x</b> @bob \u200b `a`\n'

  const { data } = await alice.run(createIssueComment, { ...booking, issue_number: 1, body })

  expect(await sendToGitea(gitea, 'alice', 'GET', `/repos/harbor/booking/issues/comments/${data.id}`)).toMatchObject({
    body,
    user: { login: 'alice' },
  })
})

test('a locked issue says why it takes no comment', async () => {
  const index = await gitea.addIssue({ ...booking, author: 'bob', title: 'Enough said' })
  await sendToGitea(gitea, 'bob', 'PUT', `/repos/harbor/booking/issues/${index}/lock`, { lock_reason: 'resolved' })
  const mallory = await createToolRunner(gitea, 'mallory')

  await expect(
    mallory.run(createIssueComment, { ...booking, issue_number: index, body: 'But!' }),
  ).rejects.toMatchObject({ rule: 'gitea.permission', message: expect.stringContaining(`#${index} is locked`) })
  await mallory.close()
})

test('an archived repository refuses by name', async () => {
  await gitea.addRepository({ owner: 'alice', name: 'loft', files: { 'a.md': 'a' } })
  await gitea.addIssue({ owner: 'alice', repo: 'loft', author: 'alice', title: 'Old' })
  await sendToGitea(gitea, 'alice', 'PATCH', '/repos/alice/loft', { archived: true })

  await expect(
    alice.run(createIssueComment, { owner: 'alice', repo: 'loft', issue_number: 1, body: 'x' }),
  ).rejects.toMatchObject({ rule: 'gitea.archived' })
})

test('a sign-in that may only read is told which scope is missing', async () => {
  const reader = await createToolRunner(gitea, 'alice', ['read:user', 'read:repository', 'read:issue'])

  await expect(reader.run(createIssueComment, { ...booking, issue_number: 1, body: 'x' })).rejects.toMatchObject({
    rule: 'gitea.scope',
    message: expect.stringContaining('write:issue'),
  })
  await reader.close()
})

test('a number without issue is not found, where Gitea fails', async () => {
  await expect(alice.run(createIssueComment, { ...booking, issue_number: 9999, body: 'x' })).rejects.toMatchObject({
    code: 'not_found',
    message: expect.stringContaining('#9999'),
  })
})

test.each(['', ' \n\t'])('a blank comment is refused: %j', async (body) => {
  await expect(alice.run(createIssueComment, { ...booking, issue_number: 1, body })).rejects.toThrow(
    'must not be blank',
  )
})
