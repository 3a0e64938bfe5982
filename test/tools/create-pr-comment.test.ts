import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPrComment } from '../../src/tools/create-pr-comment.js'
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
  const text = await alice.text(createPrComment, {
    ...booking,
    pull_number: 6,
    body: 'Seen on the *Horta* too.\n\n- [ ] test',
  })

  expect(text.replaceAll(/(comment[ -])\d+/g, '$1<n>')).toMatchInlineSnapshot(`
    "Added comment <n> to harbor/booking#6 Refund a cancelled booking within 24 hours
    https://gitea.example/harbor/booking/pulls/6#issuecomment-<n>"
  `)
})

test('Gitea gets the Markdown as it was written', async () => {
  const body = '  # Title\r\n\n<b>x</b> @bob \u200b `a`\n'

  const { data } = await alice.run(createPrComment, { ...booking, pull_number: 6, body })

  expect(await sendToGitea(gitea, 'alice', 'GET', `/repos/harbor/booking/issues/comments/${data.id}`)).toMatchObject({
    body,
    user: { login: 'alice' },
  })
})

test('an issue is refused with the tool to use', async () => {
  await expect(alice.run(createPrComment, { ...booking, pull_number: 3, body: 'x' })).rejects.toThrow(
    '#3 is an issue, not a pull request: use create_issue_comment.',
  )
  expect(await sendToGitea(gitea, 'alice', 'GET', '/repos/harbor/booking/issues/3/comments')).toEqual([])
})

test('a number without issue is not found, where Gitea fails', async () => {
  await expect(alice.run(createPrComment, { ...booking, pull_number: 9999, body: 'x' })).rejects.toMatchObject({
    code: 'not_found',
    message: expect.stringContaining('#9999'),
  })
})

test.each(['', ' \n\t'])('a blank comment is refused: %j', async (body) => {
  await expect(alice.run(createPrComment, { ...booking, pull_number: 6, body })).rejects.toThrow('must not be blank')
})
