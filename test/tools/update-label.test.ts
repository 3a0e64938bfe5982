import { afterAll, beforeAll, expect, test } from 'vitest'
import { updateLabel } from '../../src/tools/update-label.js'
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

test('renames, recolors and describes a label', async () => {
  const text = await alice.text(updateLabel, {
    ...booking,
    name: 'Security',
    new_name: 'safety',
    color: '#b60205',
    description: 'People first',
  })

  expect(text).toMatchInlineSnapshot(`
    "Updated label safety in harbor/booking: #b60205, People first
    https://gitea.example/harbor/booking/labels"
  `)
  expect(await sendToGitea(gitea, 'alice', 'GET', '/repos/harbor/booking/issues/3')).toMatchObject({
    labels: [{ name: 'safety' }],
  })
})

test('an archived label stays archived, and what is not given stays', async () => {
  const label = { name: 'tide/old', color: '#ffffff', description: 'Gone', exclusive: true }
  const made = (await sendToGitea(gitea, 'alice', 'POST', '/repos/harbor/booking/labels', {
    ...label,
    is_archived: true,
  })) as { id: number }

  await alice.run(updateLabel, { ...booking, name: 'tide/old', color: '#000' })

  expect(await sendToGitea(gitea, 'alice', 'GET', `/repos/harbor/booking/labels/${made.id}`)).toMatchObject({
    ...label,
    color: '000000',
    is_archived: true,
  })
})

test('a label may change the case of its own name', async () => {
  expect((await alice.run(updateLabel, { ...booking, name: 'bug', new_name: 'Bug' })).data).toMatchObject({
    name: 'Bug',
  })
})

test('a label of the organisation is refused as such', async () => {
  await gitea.addLabel({ owner: 'harbor', name: 'storm', color: '123456' })

  await expect(alice.run(updateLabel, { ...booking, name: 'storm', color: '#fff' })).rejects.toThrow(
    'is a label of the organisation harbor',
  )
})

test.each([
  [{ name: 'featur', color: '#fff' }, 'There is no label "featur"; did you mean "feature"?'],
  [{ name: 'feature', new_name: 'Help Wanted' }, 'There is a label "help wanted" (#008672) already.'],
  [{ name: 'feature' }, 'at least one of new_name, color and description'],
  [{ name: 'feature', new_name: ' ' }, 'must not be blank'],
  [{ name: 'feature', color: '#12' }, 'must be a hex color'],
])('refuses %j', async (change, reason) => {
  await expect(alice.run(updateLabel, { ...booking, ...change })).rejects.toThrow(reason)
})

test('somebody without write access is refused', async () => {
  const mallory = await createToolRunner(gitea, 'mallory')

  await expect(mallory.run(updateLabel, { ...booking, name: 'feature', color: '#fff' })).rejects.toMatchObject({
    rule: 'gitea.permission',
  })
  await mallory.close()
})
