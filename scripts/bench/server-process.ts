import { type ChildProcess, spawn } from 'node:child_process'

export interface ServerProcess {
  readonly pid: number
  /** From spawn to the first answer that says ready, milliseconds. */
  readonly startMs: number
  stop(): Promise<void>
}

/**
 * The built server as a process of its own, on one core where `taskset` is there, ready when it says it listens.
 *
 * @throws Error with what it printed when it does not start within `timeoutMs`
 */
export async function startServerProcess(
  settings: Record<string, string>,
  options: { readonly cwd: string; readonly core?: number; readonly timeoutMs?: number },
): Promise<ServerProcess> {
  const command = [process.execPath, '--enable-source-maps', `${process.cwd()}/dist/aegis.mjs`, 'serve']
  const [program = '', ...args] =
    options.core === undefined ? command : ['taskset', '-c', `${options.core}`, ...command]
  const startedAt = performance.now()
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { PATH: process.env.PATH ?? '', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  await untilListening(child, options.timeoutMs ?? 20_000)
  const startMs = performance.now() - startedAt
  // nobody reads its log from here on; a full pipe would stop it
  child.stdout?.resume()
  child.stderr?.resume()
  return {
    pid: child.pid ?? 0,
    startMs,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve())
        child.kill('SIGTERM')
      }),
  }
}

function untilListening(child: ChildProcess, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let printed = ''
    const fail = (why: string) => {
      child.kill('SIGKILL')
      reject(new Error(`the server ${why}:\n${printed}`))
    }
    const timer = setTimeout(() => fail('did not start in time'), timeoutMs)
    const read = (chunk: Buffer) => {
      printed += chunk.toString()
      if (printed.includes('"event":"listening"')) {
        clearTimeout(timer)
        resolve()
      }
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('exit', () => {
      clearTimeout(timer)
      fail('stopped')
    })
  })
}
