import { afterAll, beforeAll, expect, test } from 'vitest'
import { getLatestRelease } from '../../src/tools/get-latest-release.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner

const booking = { owner: 'harbor', repo: 'booking' }

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

function addRelease(release: Record<string, unknown>): Promise<unknown> {
  return sendToGitea(gitea, 'bob', 'POST', '/repos/harbor/booking/releases', { target_commitish: 'main', ...release })
}

test('shows the newest release that is neither draft nor prerelease', async () => {
  await addRelease({ tag_name: 'v2.14.0', name: 'Winter timetable', body: 'Times are those of the harbour.' })
  await addRelease({ tag_name: 'v2.15.0-rc1', prerelease: true })
  await addRelease({ tag_name: 'v3.0.0', draft: true })

  const text = await alice.text(getLatestRelease, booking)

  expect(text.replace(/\(id \d+\)/, '(id <n>)')).toMatchInlineSnapshot(`
    "v2.14.0 in harbor/booking: Winter timetable
    release (id <n>), <today> by bob
    Text:
    Times are those of the harbour."
  `)
})

test('goes on in a long text where start_line says', async () => {
  await addRelease({ tag_name: 'v2.14.1', body: 'one\ntwo\nthree' })

  // the newer of two that were made in the same second is the one with the higher id
  expect(await alice.text(getLatestRelease, { ...booking, start_line: 3 })).toContain('Text; lines 3-3 of 3:\nthree')
})

test('says that there is none', async () => {
  await expect(alice.run(getLatestRelease, { owner: 'alice', repo: 'field-notes' })).rejects.toThrow(
    'There is no full release in alice/field-notes',
  )
})
