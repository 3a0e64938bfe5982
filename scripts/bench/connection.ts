import net from 'node:net'

/** One keep-alive connection that sends prepared bytes, one request at a time, and costs as little as possible itself. */
export class Connection {
  #buffer = ''
  #done: ((answer: string) => void) | undefined
  readonly #socket: net.Socket

  constructor(port: number) {
    this.#socket = net
      .connect(port, '127.0.0.1')
      .setNoDelay()
      .on('data', (chunk) => this.#receive(chunk))
      .on('close', () => {
        // a closed connection is an error, never a silent wait
        if (this.#done !== undefined) {
          throw new Error('the server closed a connection in the middle of an answer')
        }
      })
  }

  send(request: Buffer): Promise<string> {
    return new Promise((resolve) => {
      this.#done = resolve
      this.#socket.write(request)
    })
  }

  close(): void {
    this.#done = undefined
    this.#socket.destroy()
  }

  #receive(chunk: Buffer): void {
    this.#buffer += chunk.toString('latin1')
    const head = this.#buffer.indexOf('\r\n\r\n')
    if (head < 0) {
      return
    }
    const length = /content-length: (\d+)/i.exec(this.#buffer.slice(0, head))?.[1]
    const end = length === undefined ? this.#buffer.indexOf('\r\n0\r\n\r\n', head) + 7 : head + 4 + Number(length)
    if (end < head || this.#buffer.length < end) {
      return
    }
    const answer = this.#buffer.slice(0, end)
    this.#buffer = this.#buffer.slice(end)
    const done = this.#done
    this.#done = undefined
    done?.(answer)
  }
}

/** p50 in milliseconds, calls a second, and what the process under test spent, for `calls` requests at `concurrency`. */
export interface LoadResult {
  readonly p50: number
  readonly perSecond: number
  readonly cpuMs: number
}

export async function runLoad(
  pool: readonly Connection[],
  request: Buffer,
  options: {
    readonly concurrency: number
    readonly calls: number
    readCpuMs(): number
    isGood(answer: string): boolean
  },
): Promise<LoadResult> {
  let left = options.calls
  const waits: number[] = []
  const cpuBefore = options.readCpuMs()
  const startedAt = performance.now()
  await Promise.all(
    pool.slice(0, options.concurrency).map(async (connection) => {
      while (left > 0) {
        left -= 1
        const sentAt = performance.now()
        const answer = await connection.send(request)
        waits.push(performance.now() - sentAt)
        if (!options.isGood(answer)) {
          throw new Error(`unexpected answer: ${answer.slice(0, 500)}`)
        }
      }
    }),
  )
  const elapsed = performance.now() - startedAt
  return {
    p50: toMedian(waits),
    perSecond: (options.calls / elapsed) * 1000,
    cpuMs: (options.readCpuMs() - cpuBefore) / options.calls,
  }
}

export function toMedian(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0
}
