import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { markNotificationRead } from '../../src/tools/mark-notification-read.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let nina: ToolRunner
let id: number

const lighthouse = { owner: 'nina', repo: 'lighthouse' }

/** The unread ones of nina; Gitea tells people in the background. */
async function listUnread(): Promise<{ id: number }[]> {
  return (await sendToGitea(gitea, 'nina', 'GET', '/notifications?page=1')) as { id: number }[]
}

beforeAll(async () => {
  gitea = await startGitea()
  await gitea.addUser({ login: 'nina', password: 'nina-passw0rd' })
  await gitea.addRepository({ owner: 'nina', name: 'lighthouse', files: { 'a.md': 'a' } })
  await gitea.addRepository({ owner: 'nina', name: 'logbook', files: { 'a.md': 'a' } })
  await gitea.addIssue({ ...lighthouse, author: 'bob', title: 'The lamp flickers', assignees: ['nina'] })
  for (let tries = 0; tries < 200 && (await listUnread()).length === 0; tries += 1) await delay(50)
  id = (await listUnread())[0]?.id ?? 0
  nina = await createToolRunner(gitea, 'nina')
})

afterAll(async () => {
  await nina.close()
  await gitea.close()
})

test('a notification of another repository than the one named is not marked', async () => {
  await expect(nina.run(markNotificationRead, { owner: 'nina', repo: 'logbook', notification_id: id })).rejects.toThrow(
    `Notification ${id} is not about nina/logbook; list_notifications says what it is about.`,
  )
  expect(await listUnread()).toHaveLength(1)
})

test('somebody else’s notification is refused', async () => {
  const bob = await createToolRunner(gitea, 'bob')

  await expect(bob.run(markNotificationRead, { ...lighthouse, notification_id: id })).rejects.toMatchObject({
    rule: 'gitea.permission',
  })
  expect(await listUnread()).toHaveLength(1)
  await bob.close()
})

test('one that does not exist is named', async () => {
  await expect(nina.run(markNotificationRead, { ...lighthouse, notification_id: 99_999 })).rejects.toThrow(
    'There is no notification 99999, or this person may not see it.',
  )
})

test('a sign-in that may only read notifications is told which scope is missing', async () => {
  const reader = await createToolRunner(gitea, 'nina', ['read:user', 'read:notification'])

  await expect(reader.run(markNotificationRead, { ...lighthouse, notification_id: id })).rejects.toMatchObject({
    rule: 'gitea.scope',
    message: expect.stringContaining('write:notification'),
  })
  await reader.close()
})

test('marks one read, whatever the case of the names, and says so once', async () => {
  const args = { owner: 'Nina', repo: 'Lighthouse', notification_id: id }
  const text = (await nina.text(markNotificationRead, args)).replace(/\d+/, '<n>')

  expect(text).toMatchInlineSnapshot(`"Marked notification <n> of Nina/Lighthouse read."`)
  expect(await listUnread()).toEqual([])
  expect(await nina.text(markNotificationRead, args)).toBe(`Notification ${id} was read already.`)
})
