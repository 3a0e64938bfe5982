import { afterAll, beforeAll, expect, test } from 'vitest'
import { findOwnIssues } from '../../src/tools/find-own-issues.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner

const booking = { owner: 'harbor', repo: 'booking' }
const marker = '<!-- aegis:watch:report -->'
const marked = { ...booking, author: 'alice', title: 'Clocks', body: `${marker}\nAll clocks are late.` }

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

test('finds what this account wrote with the mark, open or closed, and nobody else’s imitation', async () => {
  const number = await gitea.addIssue({ ...marked, closed: true })
  await gitea.addIssue({ ...marked, author: 'bob' })
  await gitea.addIssue({ ...marked, body: 'All clocks are late.' })

  const { data, text } = await alice.run(findOwnIssues, { ...booking, marker })

  expect(data.issues).toEqual([
    { number, title: 'Clocks', state: 'closed', url: `${gitea.url}/harbor/booking/issues/${number}` },
  ])
  expect(text).toContain(`#${number} Clocks (closed)`)
})

test('goes on page by page', async () => {
  const number = await gitea.addIssue(marked)
  await gitea.addIssue({ ...marked, body: 'Newer.' })

  const { data: first } = await alice.run(findOwnIssues, { ...booking, marker, limit: 1 })
  expect(first).toMatchObject({ issues: [], next: { page: 2, limit: 1 } })

  const { data: second } = await alice.run(findOwnIssues, { ...booking, marker, page: 2, limit: 1 })
  expect(second).toMatchObject({ issues: [{ number }] })
})
