import { spawn } from 'node:child_process'

export interface ChildRun {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  /** The whole environment of the child beside PATH; that of this process without it. */
  readonly env?: Readonly<Record<string, string>>
  /** It is ended after so long. */
  readonly timeoutMs: number
  /** Told each line it prints, on either stream; when what it does about one fails, the child is ended. */
  onLine?(line: string, reply: (line: string) => void): Promise<void>
}

/**
 * Runs a program to its end.
 *
 * @returns its exit code, the lines of everything it printed, and the exact text of its stdout
 * @throws Error when it cannot be started, had to be ended, or `onLine` failed
 */
export function runChild(run: ChildRun): Promise<{ code: number; lines: readonly string[]; output: string }> {
  const { command, args, cwd, env, timeoutMs, onLine } = run
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: env === undefined ? process.env : { PATH: process.env.PATH, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    const lines: string[] = []
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    const end = (error: unknown) => {
      reject(error)
      child.kill('SIGKILL')
    }
    const read = (line: string) => {
      lines.push(line)
      onLine?.(line, (answer) => child.stdin.write(`${answer}\n`)).catch(end)
    }
    // a child that ends does not read what it is still told
    child.stdin.on('error', () => {})
    for (const stream of [child.stdout, child.stderr]) {
      let rest = ''
      stream.on('data', (chunk: Buffer) => {
        const whole = (rest + chunk.toString()).split('\n')
        rest = whole.pop() ?? ''
        whole.forEach(read)
      })
      stream.on('end', () => {
        if (rest !== '') {
          read(rest)
        }
      })
    }
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === null) {
        reject(
          new Error(`${command} was ended after ${timeoutMs / 1000} s; it had printed ${lines.slice(-3).join(' | ')}`),
        )
      } else {
        resolve({ code, lines, output })
      }
    })
  })
}
