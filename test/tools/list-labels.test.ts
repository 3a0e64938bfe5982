import { afterAll, beforeAll, expect, test } from 'vitest'
import { listLabels } from '../../src/tools/list-labels.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner

beforeAll(async () => {
  gitea = await startGitea()
  await gitea.addLabel({ owner: 'harbor', name: 'storm', color: '123456', description: 'No ship leaves' })
  alice = await createToolRunner(gitea)
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

const booking = { owner: 'harbor', repo: 'booking' }

test('lists the labels of the repository and those of its organisation', async () => {
  expect(await alice.text(listLabels, booking)).toMatchInlineSnapshot(`
    "5 labels in harbor/booking.
    bug #d73a4a: Something does not work
    feature #0e8a16: Something new
    help wanted #008672: Nobody has time for it
    security #b60205: Handle with care
    Of the organisation harbor:
    storm #123456: No ship leaves"
  `)
})

test('a page ends among the labels of the repository, the next one goes on with those of the organisation', async () => {
  const [first, second] = [
    await alice.text(listLabels, { ...booking, limit: 3 }),
    await alice.text(listLabels, { ...booking, limit: 3, page: 2 }),
  ]

  expect(first).toContain('5 labels in harbor/booking; 1-3 here, page=2 continues.')
  expect(first).not.toContain('organisation')
  expect(second).toContain(
    '4-5 here, the last.\nsecurity #b60205: Handle with care\nOf the organisation harbor:\nstorm',
  )
})

test('the repository of a person has no other labels', async () => {
  expect(await alice.text(listLabels, { owner: 'alice', repo: 'field-notes' })).toBe('No labels in alice/field-notes.')
})

test('says so where the sign-in may not read organisations', async () => {
  const narrow = await createToolRunner(gitea, 'alice', ['read:repository', 'read:issue'])

  expect(await narrow.text(listLabels, booking)).toMatch(
    /^4 labels in harbor\/booking\.\n(.*\n){4}Labels of harbor itself are missing: this sign-in may not read organisations\.$/,
  )
  await narrow.close()
})

test('a repository that is not there is named', async () => {
  await expect(alice.run(listLabels, { owner: 'harbor', repo: 'ghost' })).rejects.toThrow(
    'There is no repository harbor/ghost',
  )
})

test('cuts what does not fit and says how to go on', async () => {
  await gitea.addRepository({ owner: 'alice', name: 'labelled' })
  for (let at = 10; at < 40; at += 1) {
    await gitea.addLabel({
      owner: 'alice',
      repo: 'labelled',
      name: `l${at}`,
      color: 'ffffff',
      description: 'x'.repeat(90),
    })
  }

  const text = await alice.text(listLabels, { owner: 'alice', repo: 'labelled' }, { limits: { maxChars: 2000 } })

  expect(text.length).toBeLessThan(2000)
  expect(text).toMatch(/^30 labels in alice\/labelled; 1-\d+ here, page=2 limit=\d+ continues\./)
})
