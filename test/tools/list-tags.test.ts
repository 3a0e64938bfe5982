import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { listTags } from '../../src/tools/list-tags.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner

beforeAll(async () => {
  gitea = await startGitea()
  const releases = '/repos/harbor/booking/releases'
  await sendToGitea(gitea, 'bob', 'POST', releases, { tag_name: 'v2.14.0', target_commitish: 'main' })
  await sendToGitea(gitea, 'bob', 'POST', releases, {
    tag_name: 'rc/v2.15.0',
    target_commitish: 'feature/refund-window',
  })
  alice = await createToolRunner(gitea)
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

const booking = { owner: 'harbor', repo: 'booking' }

test('lists tags with the commits they name, newest first', async () => {
  expect(await alice.text(listTags, booking)).toMatchInlineSnapshot(`
    "2 tags in harbor/booking.
    rc/v2.15.0 <id> 2026-10-29: booking: full refund within a day of booking
    v2.14.0 <id> 10-22: fleet: note 40 from the weekly review"
  `)
})

test('says how to get the next page', async () => {
  expect(await alice.text(listTags, { ...booking, limit: 1 })).toContain(
    '2 tags in harbor/booking; 1-1 here, page=2 continues.\nrc/v2.15.0',
  )
  expect(await alice.text(listTags, { ...booking, limit: 1, page: 2 })).toContain('2-2 here, the last.\nv2.14.0')
})

test('an annotated tag says its own words, and is as old as they are', async () => {
  const tag = { tag_name: 'summer', message: 'Notes until August\n\nNothing is missing.', target: 'main' }
  await sendToGitea(gitea, 'alice', 'POST', '/repos/alice/field-notes/tags', tag)
  const { data } = await alice.run(listTags, { owner: 'alice', repo: 'field-notes' })

  expect(await alice.text(listTags, { owner: 'alice', repo: 'field-notes' })).toBe(
    '1 tag in alice/field-notes.\nsummer <id> <today>: Notes until August',
  )
  // the id is that of the commit, not of the tag
  expect(await sendToGitea(gitea, 'alice', 'GET', '/repos/alice/field-notes/branches/main')).toMatchObject({
    commit: { id: z.object({ tags: z.tuple([z.object({ sha: z.string() })]) }).parse(data).tags[0].sha },
  })
})

test('an empty repository has none', async () => {
  expect(await alice.text(listTags, { owner: 'alice', repo: 'scratch' })).toBe('No tags in alice/scratch.')
})

test('a repository that is not there is named', async () => {
  await expect(alice.run(listTags, { owner: 'harbor', repo: 'ghost' })).rejects.toThrow(
    'There is no repository harbor/ghost',
  )
})
