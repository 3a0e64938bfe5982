import { afterAll, beforeAll, expect, test } from 'vitest'
import { editIssueComment } from '../../src/tools/edit-issue-comment.js'
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

async function addComment(body: string, as = 'alice'): Promise<number> {
  const comment = await sendToGitea(gitea, as, 'POST', '/repos/harbor/booking/issues/2/comments', { body })
  return (comment as { id: number }).id
}

test('replaces the text of a comment', async () => {
  const id = await addComment('Two hours before departure.')

  const text = await alice.text(editIssueComment, { ...booking, comment_id: id, body: 'Three hours.' })

  expect(text.replaceAll(String(id), '<n>')).toMatchInlineSnapshot(`
    "Edited comment <n> by alice on harbor/booking#2
    https://gitea.example/harbor/booking/issues/2#issuecomment-<n>"
  `)
  expect(await sendToGitea(gitea, 'alice', 'GET', `/repos/harbor/booking/issues/comments/${id}`)).toMatchObject({
    body: 'Three hours.',
  })
})

test('says whose comment it was when it is somebody else’s', async () => {
  const id = await addComment('Mine', 'bob')

  expect((await alice.run(editIssueComment, { ...booking, comment_id: id, body: 'Ours' })).text).toContain('by bob')
})

test('somebody without write access edits only what is theirs', async () => {
  const mallory = await createToolRunner(gitea, 'mallory')
  const edit = { ...booking, body: 'x' }

  await expect(mallory.run(editIssueComment, { ...edit, comment_id: await addComment('A') })).rejects.toMatchObject({
    rule: 'gitea.permission',
  })
  const own = await addComment('B', 'mallory')
  expect((await mallory.run(editIssueComment, { ...edit, comment_id: own })).data).toMatchObject({ id: own })
  await mallory.close()
})

test('a comment of another repository is not found, and stays', async () => {
  const id = await addComment('Here')

  await expect(
    alice.run(editIssueComment, { owner: 'alice', repo: 'field-notes', comment_id: id, body: 'There' }),
  ).rejects.toMatchObject({ code: 'not_found', message: expect.stringContaining(`comment ${id} in alice/field-notes`) })
})

test('an event of the timeline is not found as a comment', async () => {
  await sendToGitea(gitea, 'alice', 'POST', '/repos/harbor/booking/issues/2/labels', { labels: ['bug'] })
  const timeline = await sendToGitea(gitea, 'alice', 'GET', '/repos/harbor/booking/issues/2/timeline?page=1&limit=50')
  const event = (timeline as { id: number; type: string }[]).findLast(({ type }) => type === 'label')

  await expect(alice.run(editIssueComment, { ...booking, comment_id: event?.id, body: 'x' })).rejects.toMatchObject({
    code: 'not_found',
    message: expect.stringContaining('an event or a review, not a comment'),
  })
})

test('an archived repository refuses by name', async () => {
  await gitea.addRepository({ owner: 'alice', name: 'attic', files: { 'a.md': 'a' } })
  await gitea.addIssue({ owner: 'alice', repo: 'attic', author: 'alice', title: 'Old' })
  const { id } = (await sendToGitea(gitea, 'alice', 'POST', '/repos/alice/attic/issues/1/comments', { body: 'a' })) as {
    id: number
  }
  await sendToGitea(gitea, 'alice', 'PATCH', '/repos/alice/attic', { archived: true })

  await expect(
    alice.run(editIssueComment, { owner: 'alice', repo: 'attic', comment_id: id, body: 'b' }),
  ).rejects.toMatchObject({ rule: 'gitea.archived' })
})

test('a missing comment is not found', async () => {
  await expect(alice.run(editIssueComment, { ...booking, comment_id: 999_999, body: 'x' })).rejects.toMatchObject({
    code: 'not_found',
  })
})

test('a blank text is refused', async () => {
  await expect(alice.run(editIssueComment, { ...booking, comment_id: 1, body: ' ' })).rejects.toThrow(
    'must not be blank',
  )
})
