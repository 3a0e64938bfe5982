import { type Action, runAction } from './action.js'
import type { Command } from './command.js'
import { cancelAction } from './jobs/cancel.js'
import { listAction } from './jobs/list.js'
import { retryAction } from './jobs/retry.js'
import { runAction as runJobAction } from './jobs/run.js'
import { showAction } from './jobs/show.js'

const ACTIONS: readonly Action[] = [listAction, showAction, runJobAction, retryAction, cancelAction]

/** `aegis jobs`: what the automations did and will do, and a hand on it. */
export const jobsCommand: Command = {
  name: 'jobs',
  summary: 'list, run, retry or cancel runs of the automations',
  usage: `${ACTIONS.map(({ usage }) => usage).join('\n')}
Runs, retries and cancellations are entries in the audit log, with --by or your user name on this computer.
`,
  run: async (args, io) => runAction('jobs', ACTIONS, args, io),
}
