import { findNearMisses } from '../lib/near-miss.js'
import { type Command, Misuse } from './command.js'
import type { JobsAction } from './jobs/action.js'
import { cancelAction } from './jobs/cancel.js'
import { listAction } from './jobs/list.js'
import { retryAction } from './jobs/retry.js'
import { runAction } from './jobs/run.js'
import { showAction } from './jobs/show.js'

const ACTIONS: readonly JobsAction[] = [listAction, showAction, runAction, retryAction, cancelAction]

/** `aegis jobs`: what the automations did and will do, and a hand on it. */
export const jobsCommand: Command = {
  name: 'jobs',
  summary: 'list, run, retry or cancel runs of the automations',
  usage: `${ACTIONS.map(({ usage }) => usage).join('\n')}
Runs, retries and cancellations are entries in the audit log, with --by or your user name on this computer.
`,
  async run([name, ...rest], io) {
    const names = ACTIONS.map((action) => action.name)
    const action = ACTIONS.find((one) => one.name === name)
    if (action !== undefined) {
      return action.run(rest, io)
    }
    if (name === undefined) {
      throw new Misuse(`Name what to do: ${names.join(', ')}.`)
    }
    const [near] = findNearMisses(name, names)
    const hint = near === undefined ? '' : ` Did you mean ${near}?`
    throw new Misuse(`There is no “aegis jobs ${name.slice(0, 60)}”.${hint}`)
  },
}
