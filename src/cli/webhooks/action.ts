import type { CommandIo } from '../command.js'

/** One `aegis webhooks <name>`. */
export interface WebhookAction {
  readonly name: string
  /** Every way to call it and what it does, ending with a newline. */
  readonly usage: string
  /**
   * @returns the exit code
   * @throws AppError with words for the operator; Misuse and the errors of `parseArgs`
   */
  run(args: readonly string[], io: CommandIo): Promise<number>
}
