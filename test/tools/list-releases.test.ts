import { afterAll, beforeAll, expect, test } from 'vitest'
import { listReleases } from '../../src/tools/list-releases.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner
let bob: ToolRunner

const booking = { owner: 'harbor', repo: 'booking' }

beforeAll(async () => {
  gitea = await startGitea()
  const releases = '/repos/harbor/booking/releases'
  const release = { target_commitish: 'main', body: 'Refunds within a day.' }
  await sendToGitea(gitea, 'bob', 'POST', releases, { ...release, tag_name: 'v2.14.0', name: 'Winter timetable' })
  await sendToGitea(gitea, 'bob', 'POST', releases, { ...release, tag_name: 'v2.15.0-rc1', prerelease: true })
  await sendToGitea(gitea, 'bob', 'POST', releases, { ...release, tag_name: 'v3.0.0', name: 'Soon', draft: true })
  alice = await createToolRunner(gitea)
  bob = await createToolRunner(gitea, 'bob')
})

afterAll(async () => {
  await alice.close()
  await bob.close()
  await gitea.close()
})

test('lists releases with the ids that get_release takes', async () => {
  expect(withoutIds(await bob.text(listReleases, booking))).toMatchInlineSnapshot(`
    "3 releases in harbor/booking.
    v3.0.0 (id <n>, draft) <today> bob: Soon
    v2.15.0-rc1 (id <n>, prerelease) <today> bob
    v2.14.0 (id <n>) <today> bob: Winter timetable"
  `)
})

test('a draft is only for people who write releases', async () => {
  const text = await alice.text(listReleases, booking)

  expect(text).toContain('2 releases in harbor/booking.')
  expect(text).not.toContain('v3.0.0')
})

test('says how to get the next page', async () => {
  expect(await alice.text(listReleases, { ...booking, limit: 1 })).toContain(
    '2 releases in harbor/booking; 1-1 here, page=2 continues.\nv2.15.0-rc1',
  )
})

test('a repository without releases says so', async () => {
  expect(await alice.text(listReleases, { owner: 'alice', repo: 'field-notes' })).toBe(
    'No releases in alice/field-notes.',
  )
})

test('a repository that is not there is named', async () => {
  await expect(alice.run(listReleases, { owner: 'harbor', repo: 'ghost' })).rejects.toThrow(
    'There is no repository harbor/ghost',
  )
})

/** Ids of releases count on over all of Gitea, and a real one counts tags too. */
function withoutIds(text: string): string {
  return text.replaceAll(/\(id \d+/g, '(id <n>')
}
