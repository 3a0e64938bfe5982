import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listNotifications } from '../../src/tools/list-notifications.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let nina: ToolRunner

/** Gitea tells people in the background. */
async function waitFor(count: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const rows = await sendToGitea(gitea, 'nina', 'GET', '/notifications?page=1&limit=50')
    if (Array.isArray(rows) && rows.length >= count) return
    await delay(50)
  }
  throw new Error(`nina has not been told of ${count} things`)
}

/** Ids are different in every Gitea. */
function withoutIds(text: string): string {
  return text.replaceAll(/^\d+:/gm, '<n>:')
}

beforeAll(async () => {
  gitea = await startGitea()
  await gitea.addUser({ login: 'nina', password: 'nina-passw0rd' })
  await gitea.addRepository({ owner: 'nina', name: 'lighthouse', files: { 'a.md': 'a' } })
  await gitea.addRepository({ owner: 'nina', name: 'logbook', private: true, files: { 'a.md': 'a' } })
  await gitea.addCollaborator('nina', 'logbook', 'bob', 'write')
  await gitea.addIssue({
    owner: 'nina',
    repo: 'lighthouse',
    author: 'bob',
    title: 'The lamp flickers',
    assignees: ['nina'],
  })
  await waitFor(1)
  // Gitea sorts by whole seconds
  await delay(1100)
  await gitea.addIssue({ owner: 'nina', repo: 'logbook', author: 'bob', title: 'A page\nis torn', assignees: ['nina'] })
  await waitFor(2)
  nina = await createToolRunner(gitea, 'nina')
})

afterAll(async () => {
  await nina.close()
  await gitea.close()
})

test('lists what is unread in a line each', async () => {
  expect(withoutIds(await nina.text(listNotifications, {}))).toMatchInlineSnapshot(`
    "2 unread or pinned notifications.
    <n>: nina/logbook#1 A page is torn <today>
    <n>: nina/lighthouse#1 The lamp flickers <today>"
  `)
})

test('says how to get the next page', async () => {
  expect(await nina.text(listNotifications, { limit: 1 })).toContain(
    '2 unread or pinned notifications; 1-1 here, page=2 continues.',
  )
})

test('leaves out repositories this connection may not use, without naming them', async () => {
  const mayUseRepository = (_owner: string, name: string) => name !== 'logbook'
  const text = await nina.text(listNotifications, {}, { mayUseRepository })

  expect(text).toMatch(/^1 unread or pinned notification\.\n\d+: nina\/lighthouse#1 /)
  expect(text).toContain('1 notification left out: this connection may not use their repositories.')
  expect(text).not.toContain('logbook')
})

test('where text of strangers is withheld, titles are: Gitea does not say who wrote them', async () => {
  const { text, data } = await nina.run(listNotifications, {}, { trusts: () => false })

  expect(text).toContain('nina/lighthouse#1 [withheld: its author is not known here]')
  expect(JSON.stringify(data)).not.toContain('flickers')
})

test('what was read shows only when all is asked for', async () => {
  const rows = (await nina.run(listNotifications, {})).data.notifications as { id: number; repo: string }[]
  const lamp = rows.find(({ repo }) => repo === 'lighthouse')?.id
  await sendToGitea(gitea, 'nina', 'PATCH', `/notifications/threads/${lamp}`)

  expect(await nina.text(listNotifications, {})).toMatch(/^1 unread or pinned notification\.\n\d+: nina\/logbook#1 /)
  expect(await nina.text(listNotifications, { all: true })).toMatch(/lighthouse#1 The lamp flickers \(read\)/)
})

test('who has none is told so, and a sign-in without the scope which one is missing', async () => {
  await gitea.addUser({ login: 'olaf', password: 'olaf-passw0rd' })
  const olaf = await createToolRunner(gitea, 'olaf')
  const narrow = await createToolRunner(gitea, 'olaf', ['read:user'])

  expect(await olaf.text(listNotifications, {})).toBe('No unread or pinned notifications.')
  await expect(narrow.run(listNotifications, {})).rejects.toMatchObject({
    rule: 'gitea.scope',
    message: expect.stringContaining('read:notification'),
  })
  await olaf.close()
  await narrow.close()
})
