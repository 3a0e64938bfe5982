import { afterAll, beforeAll, expect, test } from 'vitest'
import { listCollaborators } from '../../src/tools/list-collaborators.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
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

const notes = { owner: 'alice', repo: 'field-notes' }
const others = 'The owner, and members of teams that have this repository, are not in this list.'

test('lists people who were added to a repository', async () => {
  expect(await alice.text(listCollaborators, notes)).toMatchInlineSnapshot(`
    "1 direct collaborator in alice/field-notes.
    bob (Bob Lindqvist)
    The owner, and members of teams that have this repository, are not in this list."
  `)
})

test('a repository that only teams have says that they are not listed', async () => {
  expect(await alice.text(listCollaborators, { owner: 'harbor', repo: 'infra' })).toBe(
    `No direct collaborators in harbor/infra.\n${others}`,
  )
})

test('says how to get the next page', async () => {
  await gitea.addCollaborator('alice', 'field-notes', 'mallory', 'read')

  expect(await alice.text(listCollaborators, { ...notes, limit: 1 })).toContain(
    '2 direct collaborators in alice/field-notes; 1-1 here, page=2 continues.',
  )
})

test('a repository this person may not see is not there', async () => {
  const mallory = await createToolRunner(gitea, 'mallory')

  await expect(mallory.run(listCollaborators, { owner: 'harbor', repo: 'infra' })).rejects.toThrow(
    'There is no repository harbor/infra, or this person may not see it.',
  )
  await mallory.close()
})
