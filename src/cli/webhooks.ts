import { findNearMisses } from '../lib/near-miss.js'
import { type Command, Misuse } from './command.js'
import type { WebhookAction } from './webhooks/action.js'
import { deliveriesAction } from './webhooks/deliveries.js'
import { replayAction } from './webhooks/replay.js'

const ACTIONS: readonly WebhookAction[] = [deliveriesAction, replayAction]

/** `aegis webhooks`: what Gitea tells this server, and how it comes to tell it. */
export const webhooksCommand: Command = {
  name: 'webhooks',
  summary: 'show what Gitea delivered, or set it off again',
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
