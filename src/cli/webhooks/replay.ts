import { parseArgs } from 'node:util'
import { leaveEvent } from '../../audit/outbox.js'
import { createJobQueue } from '../../jobs/queue.js'
import { systemClock } from '../../lib/clock.js'
import { loadPolicy } from '../../policy/load.js'
import { createDeliveryLedger } from '../../webhooks/ledger.js'
import { planJobs } from '../../webhooks/triggers.js'
import type { Action } from '../action.js'
import { parseAdminName } from '../admin-name.js'
import { Misuse, printLines } from '../command.js'
import { toPolicyPath, withStore } from '../state-file.js'
import { loadJobChecks, loadToolNames } from '../tool-names.js'

/** `aegis webhooks replay`: a kept delivery sets off its jobs again. */
export const replayAction: Action = {
  name: 'replay',
  usage: `aegis webhooks replay <id> [--by <name>]
  Sets off again what a kept delivery sets off by the policy of now, also where it did not the first time. What its jobs
  have done already is not done twice. The running server takes them up within a second.
`,
  async run(args, io) {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { by: { type: 'string' } },
    })
    const [id, ...more] = positionals
    if (id === undefined || more.length > 0) {
      throw new Misuse('Name one delivery by its id: aegis webhooks deliveries.')
    }
    const by = parseAdminName(values.by)
    // only here, because the jobs bring half of the program with them
    const { createJobs, DEFAULT_JOB_SETTINGS } = await import('../../jobs/catalog.js')
    const toolNames = (await loadToolNames()).map(({ name }) => name)
    const policy = loadPolicy(toPolicyPath(io), { toolNames, jobs: await loadJobChecks() })
    return withStore(io, { readonly: false }, (store) => {
      const queue = createJobQueue(store, systemClock)
      const ledger = createDeliveryLedger({ store, clock: systemClock, queue })
      const rules = { jobs: createJobs(DEFAULT_JOB_SETTINGS), policy, automationLogin: undefined }
      const { jobs } = store.transaction(() => {
        const receipt = ledger.replay(id, (delivery) => planJobs(delivery, rules))
        leaveEvent(store, {
          reason: 'webhook_replayed',
          by,
          at: systemClock.now(),
          details: { delivery: id, jobs: receipt.jobs },
        })
        return receipt
      })
      printLines(
        io.stdout,
        ...(jobs.length === 0
          ? ['It sets nothing off: no job that the policy allows there wants it.']
          : jobs.map((job) => {
              const row = queue.find(job)
              return `job ${job}  ${row?.kind ?? ''}  ${row?.state ?? ''}`
            })),
      )
      return 0
    })
  },
}
