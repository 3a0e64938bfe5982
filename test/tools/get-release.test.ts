import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { getRelease } from '../../src/tools/get-release.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner

const booking = { owner: 'harbor', repo: 'booking' }
const Created = z.object({ id: z.number() })

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

async function addRelease(release: Record<string, unknown>): Promise<number> {
  const path = '/repos/harbor/booking/releases'
  return Created.parse(await sendToGitea(gitea, 'bob', 'POST', path, { target_commitish: 'main', ...release })).id
}

test('shows a release with its text', async () => {
  const id = await addRelease({
    tag_name: 'v2.15.0-rc1',
    name: 'Refunds',
    body: '## New\n\n- full refund within a day of booking\n- no list kept by hand',
    prerelease: true,
  })

  const text = await alice.text(getRelease, { ...booking, release_id: id })

  expect(text.replaceAll(`id ${id}`, 'id <n>')).toMatchInlineSnapshot(`
    "v2.15.0-rc1 in harbor/booking: Refunds
    prerelease (id <n>), <today> by bob
    Text:
    ## New

    - full refund within a day of booking
    - no list kept by hand"
  `)
})

test('says where a draft will put its tag', async () => {
  const bob = await createToolRunner(gitea, 'bob')
  const id = await addRelease({ tag_name: 'v3.0.0', draft: true, target_commitish: 'feature/refund-window' })

  expect(await bob.text(getRelease, { ...booking, release_id: id })).toBe(
    `v3.0.0 in harbor/booking\ndraft (id ${id}), <today> by bob, will tag feature/refund-window\nNo text.`,
  )
  await bob.close()
})

test('a long text is cut at a line and continued with start_line', async () => {
  const body = Array.from({ length: 400 }, (_, at) => `- change ${at + 1}`).join('\n')
  const id = await addRelease({ tag_name: 'v2.14.1', body })
  const asked = { ...booking, release_id: id }

  const first = await alice.text(getRelease, asked, { limits: { maxChars: 3000 } })
  const next = Number(/of 400, start_line=(\d+) continues/.exec(first)?.[1])
  const second = await alice.text(getRelease, { ...asked, start_line: next }, { limits: { maxChars: 3000 } })

  expect(first.length).toBeLessThan(3000)
  expect(first).toContain(`- change ${next - 1}`)
  expect(second).toContain(`:\n- change ${next}\n`)
  await expect(alice.run(getRelease, { ...asked, start_line: 401 })).rejects.toThrow('start_line=401 is past its end')
})

test('a secret is masked before the text is cut', async () => {
  const id = await addRelease({ tag_name: 'v2.14.2', body: 'line\nhunter2\n' })
  const maskSecrets = (text: string) => text.replaceAll('hunter2', '[masked]')

  const text = await alice.text(getRelease, { ...booking, release_id: id }, { maskSecrets })

  expect(text).toContain('[masked]')
})

test('an id of no release, or of one in another repository, is named', async () => {
  const id = await addRelease({ tag_name: 'v2.14.3' })

  await expect(alice.run(getRelease, { ...booking, release_id: 999_999 })).rejects.toThrow(
    'There is no release with id 999999 in harbor/booking',
  )
  await expect(alice.run(getRelease, { owner: 'alice', repo: 'field-notes', release_id: id })).rejects.toThrow(
    `There is no release with id ${id} in alice/field-notes`,
  )
})
