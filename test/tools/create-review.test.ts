import { afterAll, beforeAll, expect, test } from 'vitest'
import { createReview } from '../../src/tools/create-review.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner
let bob: ToolRunner

const refund = { owner: 'harbor', repo: 'booking', pull_number: 6 }
const rules = 'src/booking/cancel-rules.ts'
const manual = 'src/booking/manual-refunds.txt'

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
  bob = await createToolRunner(gitea, 'bob')
})

afterAll(async () => {
  await Promise.all([alice.close(), bob.close()])
  await gitea.close()
})

interface Review {
  readonly id: number
  readonly state: string
  readonly body: string
  readonly commit_id: string
  readonly user: { readonly login: string }
}

async function reviews(as = 'bob'): Promise<Review[]> {
  const path = '/repos/harbor/booking/pulls/6/reviews?page=1&limit=50'
  const all = (await sendToGitea(gitea, as, 'GET', path)) as Review[]
  return all.filter(({ state }) => state !== 'REQUEST_REVIEW')
}

test('requests changes, with comments on lines after and before the change', async () => {
  const text = await bob.text(createReview, {
    ...refund,
    event: 'request_changes',
    body: 'The list is *still* read by the office.',
    comments: [
      { path: rules, line: 1, body: 'Take it from `src/units.ts`.' },
      { path: manual, line: 2, old: true, body: 'H-1071 is open.' },
    ],
  })

  expect(text.replaceAll(/issuecomment-\d+/g, 'issuecomment-<n>')).toMatchInlineSnapshot(`
    "Requested changes in harbor/booking#6, with 2 comments on lines
    https://gitea.example/harbor/booking/pulls/6#issuecomment-<n>"
  `)
})

test('what was said is on its line in Gitea, for everybody', async () => {
  const [review] = await reviews('alice')
  const path = `/repos/harbor/booking/pulls/6/reviews/${review?.id}/comments`
  const pull = (await sendToGitea(gitea, 'alice', 'GET', '/repos/harbor/booking/pulls/6')) as { head: { sha: string } }

  expect(review).toMatchObject({
    state: 'REQUEST_CHANGES',
    body: 'The list is *still* read by the office.',
    commit_id: pull.head.sha,
    user: { login: 'bob' },
  })
  // Gitea keeps them in a map by file and line, so their order is another one now and then
  const comments = (await sendToGitea(gitea, 'alice', 'GET', path)) as { readonly path: string }[]
  expect(comments.toSorted((a, b) => a.path.localeCompare(b.path))).toMatchObject([
    { path: rules, position: 1, original_position: 0, body: 'Take it from `src/units.ts`.' },
    { path: manual, position: 0, original_position: 2, body: 'H-1071 is open.' },
  ])
})

test('the author comments on the own pull request', async () => {
  const { data, text } = await alice.run(createReview, { ...refund, event: 'comment', body: 'Please wait for Monday.' })

  expect(data).toMatchObject({ event: 'comment', comments: 0 })
  expect(text).toContain('Commented on harbor/booking#6\n')
})

test('comments on lines need no text around them', async () => {
  const comments = [{ path: rules, line: 10, body: 'Why here?' }]
  const { data } = await bob.run(createReview, { ...refund, event: 'comment', comments })

  expect(data).toMatchObject({ comments: 1 })
})

const comment = (path: string, line: number, old = false) => ({
  event: 'comment',
  comments: [{ path, line, old, body: 'x' }],
})

test.each([
  [
    comment(rules, 900),
    `${rules} line 900 is not in the diff, which has lines 1-12 and, with old, lines before the change.`,
  ],
  [comment(rules, 900, true), `${rules} old line 900 is not in the diff, which has old lines 1-8.`],
  [comment(manual, 1), `${manual} has no lines in the diff; old comments on lines before the change.`],
  [comment('README.md', 1), 'README.md is not a file that this pull request changes.'],
  [comment('../README.md', 1), 'without . and ..'],
  [{ event: 'comment', comments: [{ path: rules, line: 1, body: 'x', side: 'LEFT' }] }, 'Unrecognized key'],
  [{ event: 'comment' }, 'give a body, comments or both'],
  [{ event: 'comment', body: ' ' }, 'give a body, comments or both'],
  [{ event: 'request_changes' }, 'say in body what should change'],
  [{ event: 'approve', body: 'Good.' }, 'Invalid option'],
  [{ event: 'APPROVED', body: 'Good.' }, 'Invalid option'],
  [{ event: 'comment', body: 'x', pull_number: 66 }, 'There is no pull request #66 in harbor/booking'],
])('what cannot be said is not half said: %j', async (args, reason) => {
  const before = await reviews()

  await expect(bob.run(createReview, { ...refund, ...args })).rejects.toThrow(reason)
  expect(await reviews()).toEqual(before)
})

test('one place outside the diff holds back all comments', async () => {
  const before = await reviews()
  const comments = [
    { path: rules, line: 1, body: 'good' },
    { path: rules, line: 77, body: 'lost' },
  ]

  await expect(bob.run(createReview, { ...refund, event: 'comment', comments })).rejects.toThrow('line 77')
  expect(await reviews()).toEqual(before)
})

test('a file that the policy hides is as if it had not changed', async () => {
  const mayReadPath = (path: string) => path !== rules

  await expect(bob.run(createReview, { ...refund, ...comment(rules, 1) }, { mayReadPath })).rejects.toThrow(
    `${rules} is not a file that this pull request changes.`,
  )
})

test('nobody requests changes in the own pull request', async () => {
  await expect(alice.run(createReview, { ...refund, event: 'request_changes', body: 'x' })).rejects.toThrow(
    'alice opened #6 and cannot request changes.',
  )
})

test('a draft that waits in Gitea is not sent along', async () => {
  const draft = { event: 'PENDING', body: 'Not sure yet' }
  await sendToGitea(gitea, 'bob', 'POST', '/repos/harbor/booking/pulls/6/reviews', draft)

  await expect(bob.run(createReview, { ...refund, event: 'comment', body: 'x' })).rejects.toThrow(
    'Finish or discard it there first.',
  )
  expect((await reviews()).filter(({ state }) => state === 'PENDING')).toMatchObject([{ body: 'Not sure yet' }])
})

test('what is closed takes comments, but no requests for changes', async () => {
  await sendToGitea(gitea, 'alice', 'PATCH', '/repos/harbor/booking/pulls/6', { state: 'closed' })
  const admin = await createToolRunner(gitea, 'admin')

  await expect(admin.run(createReview, { ...refund, event: 'request_changes', body: 'x' })).rejects.toThrow(
    '#6 is closed: it is too late to request changes.',
  )
  expect((await admin.run(createReview, { ...refund, event: 'comment', body: 'A pity.' })).data).toMatchObject({
    event: 'comment',
  })
  await admin.close()
})
