import { afterAll, beforeAll, expect, test } from 'vitest'
import { removeLabels } from '../../src/tools/remove-labels.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { interpose } from './interpose.js'
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

test('takes labels off by name, in any case', async () => {
  expect(
    await alice.text(removeLabels, { ...booking, issue_number: 2, labels: ['Help Wanted'] }),
  ).toMatchInlineSnapshot(`
    "harbor/booking#2: took off help wanted; now feature
    https://gitea.example/harbor/booking/issues/2"
  `)
})

test('takes off all of them, from a pull request too', async () => {
  const { data, text } = await alice.run(removeLabels, { ...booking, issue_number: 6, labels: ['feature'] })

  expect(data).toMatchObject({ removed: ['feature'], labels: [] })
  expect(text).toContain('took off feature; no labels now')
})

test('a label of the organisation goes, one of the repository stays', async () => {
  await gitea.addLabel({ owner: 'harbor', name: 'storm', color: '123456' })
  await sendToGitea(gitea, 'alice', 'POST', '/repos/harbor/booking/issues/4/labels', { labels: ['storm', 'bug'] })

  const { data } = await alice.run(removeLabels, { ...booking, issue_number: 4, labels: ['storm'] })

  expect(data).toMatchObject({ removed: ['storm'], labels: ['bug'] })
})

test('nothing to take off writes nothing and says so', async () => {
  const path = '/repos/harbor/booking/issues/5'
  const before = await sendToGitea(gitea, 'alice', 'GET', path)

  const { text } = await alice.run(removeLabels, { ...booking, issue_number: 5, labels: ['security'] })

  expect(text).toContain('harbor/booking#5: nothing to change; now bug')
  expect(await sendToGitea(gitea, 'alice', 'GET', path)).toEqual(before)
})

test.each([
  ['put on', { method: 'POST', labels: ['security'] }, 'security'],
  ['took off', { method: 'PUT', labels: ['bug'] }, 'feature'],
])('says which label somebody %s at the same moment, as this undoes it', async (_what, { method, labels }, crossed) => {
  const index = await gitea.addIssue({ ...booking, author: 'bob', title: 'Race', labels: ['bug', 'feature'] })
  const between = await interpose(gitea, 'PUT', () =>
    sendToGitea(gitea, 'bob', method, `/repos/harbor/booking/issues/${index}/labels`, { labels }),
  )
  const late = await createToolRunner(between.gitea)

  const { data, text } = await late.run(removeLabels, { ...booking, issue_number: index, labels: ['bug'] })

  expect(data).toMatchObject({ removed: ['bug'], labels: ['feature'], crossed: [crossed] })
  expect(text).toContain(`Somebody changed ${crossed} at the same moment`)
  await late.close()
  await between.close()
})

test('says nothing of labels that changed before or after', async () => {
  const index = await gitea.addIssue({ ...booking, author: 'bob', title: 'No race', labels: ['feature'] })
  await sendToGitea(gitea, 'alice', 'POST', `/repos/harbor/booking/issues/${index}/labels`, { labels: ['bug'] })

  const { data } = await alice.run(removeLabels, { ...booking, issue_number: index, labels: ['feature'] })

  expect(data).toMatchObject({ removed: ['feature'], labels: ['bug'], crossed: [] })
})

test('an unknown label takes none off', async () => {
  await expect(alice.run(removeLabels, { ...booking, issue_number: 5, labels: ['bug', 'secuirty'] })).rejects.toThrow(
    'There is no label "secuirty"; did you mean "security"?',
  )
  expect(await sendToGitea(gitea, 'alice', 'GET', '/repos/harbor/booking/issues/5')).toMatchObject({
    labels: [{ name: 'bug' }],
  })
})

test('somebody who may not triage is refused', async () => {
  const mallory = await createToolRunner(gitea, 'mallory')

  await expect(mallory.run(removeLabels, { ...booking, issue_number: 1, labels: ['bug'] })).rejects.toMatchObject({
    rule: 'gitea.permission',
  })
  await mallory.close()
})

test('a missing issue is not found', async () => {
  await expect(alice.run(removeLabels, { ...booking, issue_number: 9999, labels: ['bug'] })).rejects.toMatchObject({
    code: 'not_found',
  })
})

test('an empty list is refused', async () => {
  await expect(alice.run(removeLabels, { ...booking, issue_number: 1, labels: [] })).rejects.toThrow(
    'must name at least one label',
  )
})
