import { PassThrough, Writable } from 'node:stream'
import { runCli } from '../../src/cli/commands.js'

export interface CommandRun {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
  /** What is piped in. */
  readonly stdin?: string
  /** A person at a terminal: each entry is typed when its question, matched by the pattern, is on the screen. */
  readonly typing?: readonly (readonly [question: RegExp, answer: string])[]
}

/** `aegis <args>` as in a shell, in this process: same arguments, streams, settings and exit code. */
export async function runAegis(args: readonly string[], options: RunOptions): Promise<CommandRun> {
  const stdin = Object.assign(new PassThrough(), { isTTY: options.typing !== undefined })
  const typing = [...(options.typing ?? [])]
  let shown = ''
  const answer = (text: string) => {
    shown += text
    const [next] = typing
    if (next?.[0].test(shown) === true) {
      typing.shift()
      shown = ''
      setImmediate(() => stdin.write(`${next[1]}\n`))
    }
  }
  const stdout = collect(answer)
  const stderr = collect(answer)
  if (options.typing === undefined) {
    stdin.end(options.stdin ?? '')
  }
  const code = await runCli(args, {
    stdin,
    stdout: stdout.stream,
    stderr: stderr.stream,
    env: options.env ?? {},
    cwd: options.cwd,
  })
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}

function collect(onText: (text: string) => void): { readonly stream: Writable; text(): string } {
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk)
      onText(String(chunk))
      done()
    },
  })
  return { stream, text: () => text }
}
