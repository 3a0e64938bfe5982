import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { getNotification, listNotifications, markNotificationRead } from '../../src/gitea/notifications.js'
import { getWikiPage, listWikiPages } from '../../src/gitea/wiki.js'
import type { Exchanges } from './contract-exchange.js'
import type { GiteaUnderTest } from './gitea-under-test.js'
import { sendToGitea } from './send-to-gitea.js'

const notes = { owner: 'alice', repo: 'field-notes' }
const moment = expect.stringMatching(/^\d{4}-\d\d-\d\dT/)

let thread = 0

/** Puts into the story what only people's doings make: a wiki, a notification. */
export async function addActivity(gitea: GiteaUnderTest): Promise<void> {
  await sendToGitea(gitea, 'alice', 'POST', '/repos/alice/field-notes/wiki/new', {
    title: 'Tide tables',
    content_base64: Buffer.from('# Low water\n').toString('base64'),
  })
  await gitea.addIssue({ ...notes, author: 'bob', title: 'The tide is late', assignees: ['alice'] })
  // Gitea tells people in the background
  for (let tries = 0; tries < 200 && thread === 0; tries += 1) {
    const rows = (await sendToGitea(gitea, 'alice', 'GET', '/notifications?page=1')) as {
      readonly id: number
      readonly subject: { readonly title: string }
    }[]
    thread = rows.find(({ subject }) => subject.title === 'The tide is late')?.id ?? 0
    await delay(50)
  }
}

const notification = { ...notes, type: 'Issue', title: 'The tide is late', state: 'open', number: 1, isPinned: false }

export const activityExchanges: Exchanges = {
  listWikiPages: {
    send: (client) => listWikiPages(client, { ...notes, page: 1, limit: 2 }),
    parsed: { items: [{ title: 'Tide tables', author: 'Alice Moreau', changedAt: moment }], total: 1 },
  },
  getWikiPage: {
    send: (client) => getWikiPage(client, { ...notes, name: 'Tide tables' }),
    parsed: { title: 'Tide tables', text: '# Low water\n', changes: 1 },
  },
  listNotifications: {
    send: (client) => listNotifications(client, { all: true, page: 1, limit: 50 }),
    parsed: {
      items: expect.arrayContaining([expect.objectContaining({ ...notification, updatedAt: moment })]),
      total: expect.any(Number),
    },
  },
  getNotification: {
    send: (client) => getNotification(client, thread),
    parsed: { id: expect.any(Number), ...notification },
  },
  markNotificationRead: {
    send: (client) => markNotificationRead(client, thread),
    parsed: { ...notification, isUnread: false },
  },
}
