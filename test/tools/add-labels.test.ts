import { afterAll, beforeAll, expect, test } from 'vitest'
import { addLabels } from '../../src/tools/add-labels.js'
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

test('adds labels by name, in any case', async () => {
  expect(
    await alice.text(addLabels, { ...booking, issue_number: 3, labels: ['BUG', 'help wanted'] }),
  ).toMatchInlineSnapshot(`
    "harbor/booking#3: added bug, help wanted; now bug, help wanted, security
    https://gitea.example/harbor/booking/issues/3"
  `)
})

test('takes labels of the organisation, and works on pull requests', async () => {
  await gitea.addLabel({ owner: 'harbor', name: 'storm', color: '123456' })

  const { data } = await alice.run(addLabels, { ...booking, issue_number: 6, labels: ['Storm'] })

  expect(data).toMatchObject({ added: ['storm'], labels: ['feature', 'storm'] })
})

test('says so when there is nothing to add', async () => {
  const { data, text } = await alice.run(addLabels, { ...booking, issue_number: 5, labels: ['bug'] })

  expect(data).toMatchObject({ added: [], labels: ['bug'] })
  expect(text).toContain('harbor/booking#5: nothing to change; now bug')
})

test('tells which label an exclusive one took the place of', async () => {
  for (const name of ['tide/high', 'tide/low']) {
    await sendToGitea(gitea, 'alice', 'POST', '/repos/harbor/booking/labels', { name, color: '#00f', exclusive: true })
  }
  await alice.run(addLabels, { ...booking, issue_number: 4, labels: ['tide/high'] })

  const { data, text } = await alice.run(addLabels, { ...booking, issue_number: 4, labels: ['tide/low'] })

  expect(data).toMatchObject({ added: ['tide/low'], removed: ['tide/high'], labels: ['tide/low'] })
  expect(text).toContain('added tide/low, took off tide/high')
})

test('an unknown label adds none', async () => {
  await expect(alice.run(addLabels, { ...booking, issue_number: 5, labels: ['security', 'bugg'] })).rejects.toThrow(
    'There is no label "bugg"; did you mean "bug"?',
  )
  expect(await sendToGitea(gitea, 'alice', 'GET', '/repos/harbor/booking/issues/5')).toMatchObject({
    labels: [{ name: 'bug' }],
  })
})

test('somebody who may not triage is refused', async () => {
  const mallory = await createToolRunner(gitea, 'mallory')

  await expect(mallory.run(addLabels, { ...booking, issue_number: 4, labels: ['bug'] })).rejects.toMatchObject({
    rule: 'gitea.permission',
  })
  await mallory.close()
})

test('a missing issue is not found', async () => {
  await expect(alice.run(addLabels, { ...booking, issue_number: 9999, labels: ['bug'] })).rejects.toMatchObject({
    code: 'not_found',
  })
})

test('an empty list is refused', async () => {
  await expect(alice.run(addLabels, { ...booking, issue_number: 1, labels: [] })).rejects.toThrow(
    'must name at least one label',
  )
})
