import { parseArgs } from 'node:util'
import { leaveEvent } from '../../audit/outbox.js'
import { createJobQueue, type JobRow } from '../../jobs/queue.js'
import { systemClock } from '../../lib/clock.js'
import { Conflict } from '../../lib/errors.js'
import type { Action } from '../action.js'
import { parseAdminName } from '../admin-name.js'
import { printLines } from '../command.js'
import { withStore } from '../state-file.js'
import { checkSwitchedOn, getRun, parseId } from './options.js'
import { toLines } from './report.js'

/** `aegis jobs retry`: a dead or cancelled run waits again. */
export const retryAction: Action = {
  name: 'retry',
  usage: `aegis jobs retry <id> [--by <name>]
  A run that is dead or was cancelled waits again, with all its attempts. What it had changed is not changed twice.
`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { by: { type: 'string' } },
    })
    const id = parseId(positionals)
    const by = parseAdminName(values.by)
    checkSwitchedOn(io)
    return withStore(io, { readonly: false }, (store) => {
      const queue = createJobQueue(store, systemClock)
      const row = getRun(queue, id)
      store.transaction(() => {
        if (!queue.revive(id)) {
          throw new Conflict(describeWhy(row))
        }
        leaveEvent(store, {
          reason: 'job_retried',
          by,
          at: systemClock.now(),
          details: { job: row.kind, run: id, repository: row.repository },
        })
      })
      printLines(io.stdout, ...toLines(getRun(queue, id)))
      return 0
    })
  },
}

function describeWhy({ id, state, kind, repository }: JobRow): string {
  if (state === 'ready' || state === 'running') {
    return `${id} is ${state === 'ready' ? 'waiting' : 'running'} already.`
  }
  return state === 'done'
    ? `${id} is done. For another run: aegis jobs run ${kind} ${repository ?? ''}`
    : `A newer run that does the same as ${id} waits already.`
}
