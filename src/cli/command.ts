/** One `aegis <name>`: the table in commands.ts loads it when it is asked for. */
export interface Command {
  readonly name: string
  /** What it does, for the overview: a few words without a full stop. */
  readonly summary: string
  /** Every way to call it, ending with a newline. */
  readonly usage: string
  /**
   * @returns the exit code: 0 done, 1 not possible or not in order, 2 misuse
   * @throws AppError with words for the operator; Misuse and the errors of `parseArgs` are printed with the usage
   */
  run(args: readonly string[], io: CommandIo): Promise<number>
}

/** All that a command may touch of the process it runs in. */
export interface CommandIo {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly stdout: NodeJS.WritableStream
  readonly stderr: NodeJS.WritableStream
  /** The settings: `.env` and the environment over it. */
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
}

/** The arguments do not make sense; the message says which. */
export class Misuse extends Error {}

/** Our own complaint about the arguments, or the one of `parseArgs`. */
export function isMisuse(error: unknown): error is Error {
  return error instanceof Misuse || (error instanceof Error && toErrorCode(error).startsWith('ERR_PARSE_ARGS'))
}

/** The `code` of a Node error, such as ENOENT; empty when it has none. */
export function toErrorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

export function printLines(stream: NodeJS.WritableStream, ...lines: readonly string[]): void {
  stream.write(`${lines.join('\n')}\n`)
}

/**
 * Text that came from elsewhere, fit for a terminal line: what a terminal would obey or hide (escape sequences, line
 * breaks, direction marks) is shown as its code point.
 */
export function toTerminalText(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
}
