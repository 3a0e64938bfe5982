/** The built server as an operator runs it: a process of its own, with its settings in the environment. */
import { type ChildProcess, spawn } from 'node:child_process'
import { runChild } from '../../scripts/run-child.js'

const BUNDLE = `${process.cwd()}/dist/aegis.mjs`
/** As `npm start` and the image run it. */
const MEMORY_FLAGS = ['--max-semi-space-size=8', '--max-old-space-size=512']
const COMMAND_TIMEOUT_MS = 30_000
/** A server that runs for hours in a benchmark must not fill the memory of who started it. */
const MAX_LOG_CHARS = 200_000

interface ServerExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface ServerProcess {
  readonly pid: number
  /** From spawn to the line that says it listens, milliseconds. */
  readonly startMs: number
  /** How it ended; waits until it did. */
  readonly exited: Promise<ServerExit>
  /** The end of what it printed, on either stream. */
  readLog(): string
  signal(name: NodeJS.Signals): void
  /** Asks it to stop and waits until it did. */
  stop(): Promise<ServerExit>
}

export interface StartOptions {
  readonly cwd: string
  /** Binds it to one core, where `taskset` is there. */
  readonly core?: number
  /** No file of it may grow beyond this: to the process that is a disk which is full. */
  readonly maxFileKib?: number
  readonly timeoutMs?: number
  /** Told what it prints as it comes, on either stream. */
  readonly onOutput?: (chunk: string) => void
}

/**
 * `aegis serve`, ready when it says that it listens.
 *
 * @throws Error with what it printed when it does not start within `timeoutMs`
 */
export async function startServerProcess(
  settings: Readonly<Record<string, string>>,
  options: StartOptions,
): Promise<ServerProcess> {
  const [program = '', ...args] = toCommand(options)
  const startedAt = performance.now()
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { PATH: process.env.PATH ?? '', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-MAX_LOG_CHARS)
      options.onOutput?.(chunk.toString())
    })
  }
  const exited = new Promise<ServerExit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  await untilListening(child, () => log, options.timeoutMs ?? 20_000)
  return {
    pid: child.pid ?? 0,
    startMs: performance.now() - startedAt,
    exited,
    readLog: () => log,
    signal: (name) => void child.kill(name),
    stop: () => {
      child.kill('SIGTERM')
      return exited
    },
  }
}

/** `aegis <args>` to its end, with everything it printed and, as `output`, the exact text of its stdout. */
export async function runAegisProcess(
  args: readonly string[],
  options: { readonly settings: Readonly<Record<string, string>>; readonly cwd: string },
): Promise<{ readonly code: number; readonly printed: string; readonly output: string }> {
  const { code, lines, output } = await runChild({
    command: process.execPath,
    args: [BUNDLE, ...args],
    cwd: options.cwd,
    env: options.settings,
    timeoutMs: COMMAND_TIMEOUT_MS,
  })
  return { code, printed: lines.join('\n'), output }
}

function toCommand({ core, maxFileKib }: StartOptions): readonly string[] {
  const serve = [process.execPath, ...MEMORY_FLAGS, BUNDLE, 'serve']
  // `ulimit -f` counts blocks of 512 bytes (POSIX)
  const limited =
    maxFileKib === undefined ? serve : ['sh', '-c', `ulimit -f ${2 * maxFileKib} && exec "$0" "$@"`, ...serve]
  return core === undefined ? limited : ['taskset', '-c', `${core}`, ...limited]
}

function untilListening(child: ChildProcess, readLog: () => string, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      child.kill('SIGKILL')
      reject(new Error(`the server ${why}:\n${readLog()}`))
    }
    const timer = setTimeout(() => fail('did not start in time'), timeoutMs)
    child.stdout?.on('data', () => {
      if (readLog().includes('"event":"listening"')) {
        clearTimeout(timer)
        resolve()
      }
    })
    child.once('error', (error) => fail(`could not be started (${error.message})`))
    child.once('close', () => {
      clearTimeout(timer)
      fail('stopped')
    })
  })
}
