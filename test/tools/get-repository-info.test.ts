import { afterAll, beforeAll, expect, test } from 'vitest'
import { getRepositoryInfo } from '../../src/tools/get-repository-info.js'
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

const booking = { owner: 'harbor', repo: 'booking' }
const empty = { owner: 'alice', repo: 'scratch' }

test('tells the facts of a repository in a few lines', async () => {
  const text = await alice.text(getRepositoryInfo, booking)

  // Gitea measures size and languages in the background
  expect(text.replace(/, \d\S* \w+(, mostly \w+)?$/m, '')).toMatchInlineSnapshot(`
    "harbor/booking: Booking service for the ferry lines
    public; the person may read and write
    Default branch main
    4 open issues, 1 open pull request, 0 stars, 0 forks, updated <today>
    Topics: booking, typescript
    https://gitea.example/harbor/booking"
  `)
})

test('says that a repository is empty', async () => {
  expect(await alice.text(getRepositoryInfo, empty)).toContain('Empty: it has no commits yet')
})

test('says what the person may do, not what the tool may', async () => {
  const mallory = await createToolRunner(gitea, 'mallory')

  expect((await mallory.run(getRepositoryInfo, booking)).data).toMatchObject({ access: 'read' })
  expect((await alice.run(getRepositoryInfo, booking)).data).toMatchObject({ access: 'write' })
  await mallory.close()
})

test('a repository the person cannot see is not there', async () => {
  const mallory = await createToolRunner(gitea, 'mallory')

  await expect(mallory.run(getRepositoryInfo, { owner: 'harbor', repo: 'infra' })).rejects.toThrow(
    'There is no repository harbor/infra, or this person may not see it.',
  )
  await mallory.close()
})

test('a renamed repository is not followed to its new name', async () => {
  await gitea.addRepository({ owner: 'bob', name: 'first-name', files: { 'a.md': 'a' } })
  await gitea.renameRepository('bob', 'first-name', 'second-name')

  await expect(alice.run(getRepositoryInfo, { owner: 'bob', repo: 'first-name' })).rejects.toThrow(
    'There is no repository bob/first-name, or this person may not see it.',
  )
})

test('a name that would change the address is refused', async () => {
  await expect(alice.run(getRepositoryInfo, { owner: 'harbor/..', repo: 'booking' })).rejects.toThrow('without slash')
  await expect(alice.run(getRepositoryInfo, { owner: 'harbor', repo: '..' })).rejects.toThrow('repository name alone')
})
