/** Aegis that takes webhooks, with one job that notes. */
import { afterAll, afterEach, beforeAll } from 'vitest'
import { z } from 'zod'
import { defineJob } from '../../src/jobs/define-job.js'
import type { DeliveryRow } from '../../src/webhooks/ledger.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { type Stack, startStack } from '../support/start-stack.js'

export const SECRET = 'the-current-secret'
export const OLDER = 'the-secret-before'

const POLICY = `
defaults: {read: allow, write: deny}
repositories:
  harbor/*:
    tools: {allow: [automation_note]}
`

/** Wants every push, and what happens to issues. */
const note = defineJob({
  name: 'note',
  title: 'Note',
  description: 'For tests.',
  tools: [],
  deadlineMs: 1000,
  maxAttempts: 1,
  events: ['push', 'issues', 'repository'],
  parameters: z.strictObject({}),
  dedupe: ({ number, after }, repository) => `${repository}:${number ?? after ?? 'whole'}`,
  run: async () => ({ summary: 'Noted.' }),
})

export const clock = {
  time: Date.parse('2026-11-21T12:00:00Z'),
  now: () => clock.time,
}

type Settings = Readonly<Record<string, string>>

/** One Gitea for a file of tests; each `start` is a server of its own, closed after its test. With a policy of its own it has the product's jobs. */
export function prepareWebhooks() {
  let gitea: GiteaSandbox
  let token: string
  const stacks: Stack<GiteaSandbox>[] = []

  beforeAll(async () => {
    gitea = await startGiteaSandbox({ seed: true })
    token = await gitea.createToken('alice', ['all'])
  })
  afterAll(() => gitea.close())
  afterEach(async () => {
    await Promise.all(stacks.splice(0).map((stack) => stack.close()))
  })

  return async (settings: Settings | ((token: string) => Settings) = {}, own?: { readonly policy: string }) => {
    const stack = await startStack(gitea, {
      ...(own ?? { policy: POLICY, jobs: [note] }),
      clock,
      settings: {
        AUTOMATION_ENABLED: 'true',
        AUTOMATION_TOKEN: token,
        AUTOMATION_WEBHOOK_SECRETS: `${SECRET},${OLDER}`,
        ...(typeof settings === 'function' ? settings(token) : settings),
      },
    })
    stacks.push(stack)
    const { store, automation } = stack.aegis.app
    const select = store.sqlite.prepare<[], DeliveryRow>(
      'SELECT *, event_type AS eventType FROM webhook_delivery ORDER BY received_at, rowid',
    )
    return {
      stack,
      url: stack.url,
      rows: () => select.all(),
      jobs: () => automation?.queue.list({ limit: 100 }) ?? [],
    }
  }
}

/** What Gitea says of an issue, in short. */
export function issue(number: number, more: Record<string, unknown> = {}) {
  return {
    action: 'opened',
    number,
    issue: { number, title: 'Text of people', body: 'Text of people' },
    repository: { id: 7, name: 'Booking', full_name: 'Harbor/Booking', private: true, owner: { login: 'Harbor' } },
    sender: { login: 'bob' },
    ...more,
  }
}
