import { parseArgs } from 'node:util'
import { leaveEvent } from '../../audit/outbox.js'
import { createJobQueue } from '../../jobs/queue.js'
import { systemClock } from '../../lib/clock.js'
import { Conflict } from '../../lib/errors.js'
import type { Action } from '../action.js'
import { parseAdminName, parseLine } from '../admin-name.js'
import { printLines } from '../command.js'
import { withStore } from '../state-file.js'
import { getRun, parseId } from './options.js'

const MOST_REASON_CHARS = 300

/** `aegis jobs cancel`: a run that waits does not begin, one that runs stops. */
export const cancelAction: Action = {
  name: 'cancel',
  usage: `aegis jobs cancel <id> [--reason <text>] [--by <name>]
  A run that waits does not begin; one that runs stops at its next step, within a second or two. What it has changed
  until then stays.
`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { by: { type: 'string' }, reason: { type: 'string' } },
    })
    const id = parseId(positionals)
    const by = parseAdminName(values.by)
    const reason = values.reason === undefined ? '' : `: ${parseLine('--reason', values.reason, MOST_REASON_CHARS)}`
    return withStore(io, { readonly: false }, (store) => {
      const queue = createJobQueue(store, systemClock)
      const row = getRun(queue, id)
      store.transaction(() => {
        if (!queue.cancel(id, `Cancelled by ${by}${reason}`)) {
          throw new Conflict(`${id} is ${row.state} already; there is nothing to cancel.`)
        }
        leaveEvent(store, {
          reason: 'job_cancelled',
          by,
          at: systemClock.now(),
          details: {
            job: row.kind,
            run: id,
            repository: row.repository,
            was: row.state,
            reason: values.reason ?? null,
          },
        })
      })
      printLines(io.stdout, `${id} is cancelled.`)
      return 0
    })
  },
}
