import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { getJob, getRun, listJobs, listRuns, readJobLog } from '../../src/gitea/actions.js'
import { getNotification, listNotifications, markNotificationRead } from '../../src/gitea/notifications.js'
import { listReviewComments, listReviews } from '../../src/gitea/reviews.js'
import { listBlocks, listDependencies, loadTimeline } from '../../src/gitea/timeline.js'
import { getWikiPage, listWikiPages } from '../../src/gitea/wiki.js'
import type { Exchanges } from './contract-exchange.js'
import type { GiteaUnderTest } from './gitea-under-test.js'
import { sendToGitea } from './send-to-gitea.js'

const booking = { owner: 'harbor', repo: 'booking', index: 6 }
const dredger = { owner: 'bob', repo: 'dredger' }
const notes = { owner: 'alice', repo: 'field-notes' }
const moment = expect.stringMatching(/^\d{4}-\d\d-\d\dT/)

let thread = 0
let review = 0
const jobIds = { run: 0, job: 0 }

/** Puts into the story what only people's doings make: a wiki, a notification, a dependency, a review, a run. */
export async function addActivity(gitea: GiteaUnderTest): Promise<void> {
  await sendToGitea(gitea, 'alice', 'POST', '/repos/alice/field-notes/wiki/new', {
    title: 'Tide tables',
    content_base64: Buffer.from('# Low water\n').toString('base64'),
  })
  await gitea.addIssue({ ...notes, author: 'bob', title: 'The tide is late', assignees: ['alice'] })
  await gitea.addIssue({ ...notes, author: 'alice', title: 'Buy a new tide table' })
  await sendToGitea(gitea, 'alice', 'POST', '/repos/alice/field-notes/issues/1/dependencies', { ...notes, index: 2 })
  const sent = (await sendToGitea(gitea, 'bob', 'POST', '/repos/harbor/booking/pulls/6/reviews', {
    event: 'COMMENT',
    body: 'Only looking.',
    comments: [{ path: 'src/booking/cancel-rules.ts', body: 'Why a day?', new_position: 1 }],
  })) as { readonly id: number }
  review = sent.id
  await gitea.addRepository({ owner: 'bob', name: 'dredger', files: { 'a.md': 'a' } })
  for (const place of [notes, dredger]) {
    const jobs = [{ name: 'links', result: 'failure', log: ['checking', 'broken'] }] as const
    await gitea.addActionRun({ ...place, workflow: 'ci.yml', message: 'Check the links', branch: 'links', jobs })
  }
  const { jobs } = (await sendToGitea(gitea, 'alice', 'GET', '/repos/alice/field-notes/actions/runs/1/jobs')) as {
    readonly jobs: readonly { readonly id: number; readonly run_id: number }[]
  }
  jobIds.run = jobs[0]?.run_id ?? 0
  jobIds.job = jobs[0]?.id ?? 0
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

const run = {
  number: 1,
  title: 'Check the links',
  workflow: 'ci.yml',
  event: 'push',
  status: 'failure',
  branch: 'links',
  sha: expect.stringMatching(/^[0-9a-f]{40}$/),
  startedAt: moment,
}
const job = {
  id: expect.any(Number),
  name: 'links',
  status: 'failure',
  runner: 'harness',
  startedAt: moment,
  steps: [],
}

const linked = { ...notes, isClosed: false }

export const activityExchanges: Exchanges = {
  listActionRuns: {
    send: (client) => listRuns(client, { ...notes, page: 1, limit: 2 }),
    parsed: { items: [{ ...run, id: expect.any(Number), jobs: [] }], total: 1, hasIds: true, hasMore: false },
  },
  listActionTasks: {
    // of a repository of somebody else, whose runs Gitea does not list
    send: (client) => listRuns(client, { ...dredger, page: 1, limit: 2 }),
    parsed: { items: [{ ...run, jobs: [{ name: 'links', status: 'failure' }] }], total: 1, hasIds: false },
  },
  getActionRun: {
    send: (client) => getRun(client, { ...notes, run: jobIds.run }),
    parsed: run,
  },
  listActionJobs: {
    send: (client) => listJobs(client, { ...notes, run: jobIds.run, page: 1, limit: 2 }),
    parsed: { items: [job], total: 1 },
  },
  getActionJob: {
    send: (client) => getJob(client, { ...notes, job: jobIds.job }),
    parsed: job,
  },
  getActionJobLog: {
    send: async (client) => {
      const lines: string[] = []
      await readJobLog(client, { ...notes, job: jobIds.job }, (line) => lines.push(line))
      return lines
    },
    parsed: ['checking', 'broken'],
  },
  listIssueTimeline: {
    // exactly as many as there are: what comes after a page that is not full is looked up by another request
    send: async (client) => (await loadTimeline(client, { ...notes, index: 2, page: 1, limit: 1 })).items,
    parsed: [{ type: 'add_dependency', author: 'alice', at: moment, other: { ...notes, number: 1 } }],
  },
  listIssueDependencies: {
    send: (client) => listDependencies(client, { ...notes, index: 1 }),
    parsed: [{ ...linked, number: 2, title: 'Buy a new tide table', author: 'alice' }],
  },
  listIssueBlocks: {
    send: (client) => listBlocks(client, { ...notes, index: 2 }),
    parsed: [{ ...linked, number: 1, title: 'The tide is late', author: 'bob' }],
  },
  listReviews: {
    send: (client) => listReviews(client, { ...booking, page: 1, limit: 50 }),
    parsed: {
      items: expect.arrayContaining([
        expect.objectContaining({
          author: 'bob',
          state: 'COMMENT',
          body: 'Only looking.',
          comments: 1,
          at: moment,
        }),
      ]),
      total: expect.any(Number),
    },
  },
  listReviewComments: {
    send: (client) => listReviewComments(client, { ...booking, id: review }),
    parsed: [
      {
        author: 'bob',
        body: 'Why a day?',
        path: 'src/booking/cancel-rules.ts',
        line: 1,
        oldLine: 0,
        resolvedBy: '',
      },
    ],
  },
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
