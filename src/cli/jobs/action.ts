import type { Command } from '../command.js'

/** One `aegis jobs <name>`. */
export type JobsAction = Pick<Command, 'name' | 'usage' | 'run'>
