import { afterAll, beforeAll, expect, test } from 'vitest'
import { listOrgRepositories } from '../../src/tools/list-org-repositories.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner

beforeAll(async () => {
  gitea = await startGitea()
  await gitea.addRepository({ owner: 'harbor', name: 'payroll', private: true })
  await gitea.addRepository({ owner: 'harbor', name: 'website', description: 'What passengers see' })
  alice = await createToolRunner(gitea)
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

const harbor = { org: 'harbor' }

test('lists what this person may see of an organisation', async () => {
  expect(await alice.text(listOrgRepositories, harbor)).toMatchInlineSnapshot(`
    "3 repositories in harbor.
    harbor/booking <today>: Booking service for the ferry lines
    harbor/infra (private) <today>: Machines, deployments and what they need to know
    harbor/website <today>: What passengers see"
  `)
})

test('a page is not short, and its number not wrong, for what Gitea keeps back', async () => {
  const first = await alice.text(listOrgRepositories, { ...harbor, limit: 2 })
  const second = await alice.text(listOrgRepositories, { ...harbor, limit: 2, page: 2 })

  expect(first).toContain('repositories in harbor; 1-2 here, page=2 continues.\nharbor/booking')
  expect(second).toContain('3 repositories in harbor; 3-3 here, the last.\nharbor/website')
  expect(`${first}${second}`).not.toContain('payroll')
})

test('somebody outside sees what is public', async () => {
  const mallory = await createToolRunner(gitea, 'mallory')

  expect(await mallory.text(listOrgRepositories, harbor)).toMatch(
    /^2 repositories in harbor\.\nharbor\/booking .*\nharbor\/website .*$/,
  )
  await mallory.close()
})

test('leaves out what this connection may not use', async () => {
  const mayUseRepository = (_owner: string, name: string) => name !== 'infra'

  const text = await alice.text(listOrgRepositories, harbor, { mayUseRepository })

  expect(text).toContain('2 repositories in harbor.')
  expect(text).toContain('1 repository left out: this connection may not use them.')
  expect(text).not.toContain('infra')
})

test('an organisation of which nothing is visible says so', async () => {
  await gitea.addOrganization({ name: 'dockyard', owner: 'bob' })
  for (let at = 1; at <= 3; at += 1) await gitea.addRepository({ owner: 'dockyard', name: `hull-${at}`, private: true })

  expect(await alice.text(listOrgRepositories, { org: 'dockyard', limit: 1 })).toBe('No repositories in dockyard.')
})

test('a page of which Gitea keeps back everything is not the end', async () => {
  await gitea.addOrganization({ name: 'archive', owner: 'bob' })
  for (let at = 1; at <= 50; at += 1) await gitea.addRepository({ owner: 'archive', name: `old-${at}`, private: true })
  await gitea.addRepository({ owner: 'archive', name: 'index' })

  expect(await alice.text(listOrgRepositories, { org: 'archive' })).toBe(
    '1 repository in archive.\narchive/index <today>',
  )
})

test('a person is no organisation', async () => {
  await expect(alice.run(listOrgRepositories, { org: 'bob' })).rejects.toThrow('There is no organisation bob')
})
