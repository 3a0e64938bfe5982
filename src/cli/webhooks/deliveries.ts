import { parseArgs } from 'node:util'
import type { Store } from '../../db/open.js'
import { createJobQueue } from '../../jobs/queue.js'
import { systemClock, toIsoTime } from '../../lib/clock.js'
import { createDeliveryLedger, type DeliveryRow } from '../../webhooks/ledger.js'
import type { Action } from '../action.js'
import { Misuse, printLines, toTerminalText } from '../command.js'
import { withStore } from '../state-file.js'

const MOST = 1000

/** `aegis webhooks deliveries`: the ledger. */
export const deliveriesAction: Action = {
  name: 'deliveries',
  usage: `aegis webhooks deliveries [--repo <owner/name>] [--event <type>] [--limit <20>] [--json]
  What Gitea delivered, newest first: when, what, and what came of it. --event takes Gitea's exact type, for example
  pull_request_sync. Kept for 90 days, without the text of the events.
`,
  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        repo: { type: 'string' },
        event: { type: 'string' },
        limit: { type: 'string', default: '20' },
        json: { type: 'boolean', default: false },
      },
    })
    const limit = Number(values.limit)
    if (!Number.isInteger(limit) || limit < 1 || limit > MOST) {
      throw new Misuse(`--limit is a number from 1 to ${MOST}.`)
    }
    if (values.repo !== undefined && !/^[^/\s]+\/[^/\s]+$/.test(values.repo)) {
      throw new Misuse('--repo is written as owner/name.')
    }
    return withStore(io, { readonly: true }, (store) => {
      const queue = createJobQueue(store, systemClock)
      const ledger = createDeliveryLedger({ store, clock: systemClock, queue })
      const rows = ledger.list({ repository: values.repo, eventType: values.event, limit })
      const withJobs = rows.map((row) => ({ row, jobs: listJobs(store, row.id) }))
      printLines(
        io.stdout,
        ...(values.json
          ? [JSON.stringify(withJobs.map(toJson))]
          : withJobs.length === 0
            ? ['There is no such delivery.']
            : withJobs.flatMap(toLines)),
      )
      return 0
    })
  },
}

interface LinkedJob {
  readonly id: string
  readonly kind: string
  readonly state: string
}

/** The jobs that a delivery brought into the queue, by itself or by a replay. */
function listJobs({ sqlite }: Store, delivery: string): readonly LinkedJob[] {
  return sqlite
    .prepare<[string, string], LinkedJob>(
      'SELECT id, kind, state FROM job WHERE triggered_by IN (?, ?) ORDER BY created_at, kind',
    )
    .all(delivery, `replay:${delivery}`)
}

interface Shown {
  readonly row: DeliveryRow
  readonly jobs: readonly LinkedJob[]
}

function toLines({ row, jobs }: Shown): string[] {
  const { id, receivedAt, eventType, action, repository, sender, outcome } = row
  const what = action === null ? eventType : `${eventType} ${action}`
  const where = `${repository ?? 'no repository'}${sender === null ? '' : `, by ${sender}`}`
  const first = `${toIsoTime(receivedAt)}  ${toTerminalText(`${what}  ${where}`)}`
  const joined = outcome === 'queued' && jobs.length === 0 ? ': a job that waited already does it' : ''
  return [
    first,
    `  ${toTerminalText(id)}  ${outcome.replaceAll('_', ' ')}${joined}`,
    ...jobs.map((job) => `  job ${job.id}  ${job.kind}  ${job.state}`),
  ]
}

function toJson({ row, jobs }: Shown) {
  const { facts, receivedAt, ...rest } = row
  return { ...rest, receivedAt: toIsoTime(receivedAt), facts: JSON.parse(facts), jobs }
}
