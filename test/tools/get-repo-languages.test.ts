import { afterAll, beforeAll, expect, test } from 'vitest'
import { getRepoLanguages } from '../../src/tools/get-repo-languages.js'
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

test('shows the languages of the default branch by their share', async () => {
  await gitea.addRepository({
    owner: 'harbor',
    name: 'timetable',
    files: {
      'main.go': `package main\n\nfunc main() {}\n${'// departures\n'.repeat(40)}`,
      'web/table.ts': `export const rows = 3\n${'// rows\n'.repeat(20)}`,
      'start.sh': '#!/bin/sh\nexec ./timetable\n',
      'README.md': '# Timetable\n'.repeat(100),
    },
  })
  const timetable = { owner: 'harbor', repo: 'timetable' }
  // a real Gitea counts in the background
  await expect.poll(() => alice.text(getRepoLanguages, timetable), { timeout: 20_000 }).not.toContain('no code')

  expect(await alice.text(getRepoLanguages, timetable)).toMatchInlineSnapshot(
    `"harbor/timetable: Go 73.8%, TypeScript 22.8%, Shell 3.4% of 798 B."`,
  )
})

test('a little of another language is neither nothing nor takes the whole', async () => {
  const booking = { owner: 'harbor', repo: 'booking' }
  await expect.poll(() => alice.text(getRepoLanguages, booking), { timeout: 20_000 }).not.toContain('no code')

  expect(await alice.text(getRepoLanguages, booking)).toContain('TypeScript >99.9%, Shell <0.1%')
})

test('a repository without code says so', async () => {
  expect(await alice.text(getRepoLanguages, { owner: 'alice', repo: 'scratch' })).toBe(
    'alice/scratch: no code whose language Gitea knows, or it has not counted yet.',
  )
})

test('a repository that is not there is named', async () => {
  await expect(alice.run(getRepoLanguages, { owner: 'harbor', repo: 'ghost' })).rejects.toThrow(
    'There is no repository harbor/ghost',
  )
})
