import { findNearMisses } from '../lib/near-miss.js'
import { type Command, Misuse } from './command.js'
import type { WebhookAction } from './webhooks/action.js'
import { checkAction } from './webhooks/check.js'
import { deliveriesAction } from './webhooks/deliveries.js'
import { installAction } from './webhooks/install.js'
import { listAction } from './webhooks/list.js'
import { removeAction } from './webhooks/remove.js'
import { replayAction } from './webhooks/replay.js'
import { testAction } from './webhooks/test.js'

const ACTIONS: readonly WebhookAction[] = [
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
    throw new Misuse(
      `There is no “aegis webhooks ${name.slice(0, 60)}”.${near === undefined ? '' : ` Did you mean ${near}?`}`,
    )
  },
}
