import { expect, test } from 'vitest'
import { createJobs, DEFAULT_JOB_SETTINGS } from '../../src/jobs/catalog.js'
import { parseDelivery } from '../../src/webhooks/delivery.js'
import { listRecorded } from '../webhooks/deliver.js'

/** The deliveries of a running Gitea that set a job off, with its keys. */
function findTriggers(kind: string): { readonly name: string; readonly key: string }[] {
  const job = createJobs(DEFAULT_JOB_SETTINGS).find(({ name }) => name === kind)
  return listRecorded().flatMap(({ name, headers, body }) => {
    const lowered = Object.fromEntries(Object.entries(headers).map(([header, value]) => [header.toLowerCase(), value]))
    const { eventType, facts, repository } = parseDelivery(lowered, { digest: 'd'.repeat(64), json: body })
    const place = `${repository?.owner}/${repository?.name}`
    const key = job?.events.includes(eventType) === true ? job.dedupe(facts, place) : undefined
    return key === undefined ? [] : [{ name, key }]
  })
}

test('pushes of branches and tags are scanned for secrets, each by itself', () => {
  const found = findTriggers('secret_exposure_scan')

  expect(found.map(({ name }) => name)).toEqual(['push.branch-new', 'push', 'push.tag'])
  expect(new Set(found.map(({ key }) => key)).size).toBe(3)
})

test('what changes a pull request has it looked at, and one waiting look is enough', () => {
  const found = findTriggers('pull_request_hygiene')

  expect(found.map(({ name }) => name)).toEqual([
    'pull_request.edited',
    'pull_request.opened',
    'pull_request.reopened',
    'pull_request_label.label_cleared',
    'pull_request_label.label_updated',
    'pull_request_sync.synchronized',
  ])
  expect(new Set(found.map(({ key }) => key)).size).toBeLessThan(found.length)
})
