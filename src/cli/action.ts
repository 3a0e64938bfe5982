import { findNearMisses } from '../lib/near-miss.js'
import { type Command, type CommandIo, Misuse } from './command.js'

/** One `aegis <command> <name>`. */
export type Action = Pick<Command, 'name' | 'usage' | 'run'>

/**
 * Runs the action that the first argument names.
 *
 * @returns the exit code
 * @throws Misuse naming what there is, or what is near
 */
export function runAction(
  command: string,
  actions: readonly Action[],
  [name, ...rest]: readonly string[],
  io: CommandIo,
): Promise<number> {
  const names = actions.map((action) => action.name)
  const action = actions.find((one) => one.name === name)
  if (action !== undefined) {
    return action.run(rest, io)
  }
  if (name === undefined) {
    throw new Misuse(`Name what to do: ${names.join(', ')}.`)
  }
  const [near] = findNearMisses(name, names)
  const hint = near === undefined ? '' : ` Did you mean ${near}?`
  throw new Misuse(`There is no “aegis ${command} ${name.slice(0, 60)}”.${hint}`)
}
