import { parseArgs } from 'node:util'
import { createJobQueue } from '../../jobs/queue.js'
import { getJob } from '../../jobs/start-run.js'
import { systemClock } from '../../lib/clock.js'
import type { Action } from '../action.js'
import { Misuse, printLines } from '../command.js'
import { withStore } from '../state-file.js'
import { parseLimit, parseRepository, parseState } from './options.js'
import { toJson, toLines } from './report.js'

/** `aegis jobs list`: the queue and what became of what was in it. */
export const listAction: Action = {
  name: 'list',
  usage: `aegis jobs list [--repo <owner/name>] [--job <name>] [--state <state>] [--limit <20>] [--json]
  Runs of jobs, newest first. The states: ready (it waits), running, done, dead (it failed and waits for you), cancelled.
`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        repo: { type: 'string' },
        job: { type: 'string' },
        state: { type: 'string' },
        limit: { type: 'string', default: '20' },
        json: { type: 'boolean', default: false },
      },
    })
    if (positionals[0] !== undefined) {
      throw new Misuse(`There is nothing to do with “${positionals[0]}”.`)
    }
    const state = parseState(values.state)
    const repository = values.repo === undefined ? undefined : parseRepository(values.repo)
    const filter = {
      kind: values.job,
      state,
      repository: repository === undefined ? undefined : `${repository.owner}/${repository.repo}`,
    }
    const limit = parseLimit(values.limit)
    // only here, because the jobs bring half of the program with them
    const { createJobs, DEFAULT_JOB_SETTINGS } = await import('../../jobs/catalog.js')
    return withStore(io, { readonly: true }, (store) => {
      const queue = createJobQueue(store, systemClock)
      const rows = queue.list({ ...filter, limit })
      if (rows.length === 0 && values.job !== undefined) {
        getJob(createJobs(DEFAULT_JOB_SETTINGS), values.job)
      }
      if (values.json) {
        printLines(io.stdout, JSON.stringify(rows.map(toJson)))
        return 0
      }
      const more = queue.count(filter) - rows.length
      printLines(
        io.stdout,
        ...(rows.length === 0 ? [describeNone(filter)] : rows.flatMap(toLines)),
        ...(more > 0 ? [`${more} more; --limit shows them.`] : []),
      )
      return 0
    })
  },
}

function describeNone(filter: Readonly<Record<string, unknown>>): string {
  return Object.values(filter).every((value) => value === undefined)
    ? 'No job has run yet, and none waits.'
    : 'There is no such run.'
}
