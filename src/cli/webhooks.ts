import { type Action, runAction } from './action.js'
import type { Command } from './command.js'
import { checkAction } from './webhooks/check.js'
import { deliveriesAction } from './webhooks/deliveries.js'
import { installAction } from './webhooks/install.js'
import { listAction } from './webhooks/list.js'
import { removeAction } from './webhooks/remove.js'
import { replayAction } from './webhooks/replay.js'
import { testAction } from './webhooks/test.js'

const ACTIONS: readonly Action[] = [
  installAction,
  listAction,
  checkAction,
  testAction,
  removeAction,
  deliveriesAction,
  replayAction,
]

/** `aegis webhooks`: what Gitea tells this server, and how it comes to tell it. */
export const webhooksCommand: Command = {
  name: 'webhooks',
  summary: 'make, check or remove webhooks in Gitea, show what was delivered, set it off again',
  usage: ACTIONS.map(({ usage }) => usage).join('\n'),
  run: async (args, io) => runAction('webhooks', ACTIONS, args, io),
}
