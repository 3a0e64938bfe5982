import { parseArgs } from 'node:util'
import { createJobQueue } from '../../jobs/queue.js'
import { systemClock } from '../../lib/clock.js'
import type { Action } from '../action.js'
import { printLines } from '../command.js'
import { withStore } from '../state-file.js'
import { getRun, parseId } from './options.js'
import { toDetails, toJson } from './report.js'

/** `aegis jobs show`: one run, whole. */
export const showAction: Action = {
  name: 'show',
  usage: `aegis jobs show <id> [--json]
  What a run did, found and left; of a dry run exactly what it would send; of one that failed, why.
`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false } },
    })
    const id = parseId(positionals)
    return withStore(io, { readonly: true }, (store) => {
      const row = getRun(createJobQueue(store, systemClock), id)
      printLines(io.stdout, ...(values.json ? [JSON.stringify(toJson(row))] : toDetails(row)))
      return 0
    })
  },
}
