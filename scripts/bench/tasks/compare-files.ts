import { Connection, runLoad, toMedian } from '../connection.js'
import { toRestRequest, toToolRequest } from '../requests.js'
import { toSourcePath, workshop } from './seed-workshop.js'

/** Calls that cost Gitea little, before those that are measured: V8 is still at work on the server's code before. */
const WARM_UP = 4000
const WARM_UP_READS = 500
const CALLERS = 8
/** There are 316 source files; each is new to the server once. */
const FILES = 300

export interface FileTimes {
  /** p50 in milliseconds of Gitea's own `contents`. */
  readonly direct: number
  /** Through Aegis, of a file that nobody read before. */
  readonly cold: number
  /** Through Aegis, of a file that was read before. */
  readonly warm: number
}

/** Where both servers listen, and the tokens of the same person for them. */
interface Sides {
  readonly giteaPort: number
  readonly giteaToken: string
  readonly aegisPort: number
  readonly aegisToken: string
}

/**
 * The same files directly and through Aegis in turns, over one keep-alive connection to either, from a client that costs
 * next to nothing.
 */
export async function compareFiles({ giteaPort, giteaToken, aegisPort, aegisToken }: Sides): Promise<FileTimes> {
  const gitea = new Connection(giteaPort)
  const aegis = new Connection(aegisPort)
  const direct = (filepath: string) =>
    toRestRequest(`/repos/${workshop.owner}/${workshop.repo}/contents/${filepath}?ref=main`, giteaToken)
  const guarded = (filepath: string) =>
    toToolRequest(aegisPort, aegisToken, {
      tool: 'get_file_contents',
      args: { ...workshop, filepath, ref: 'main' },
    })
  const time = async (connection: Connection, request: Buffer): Promise<number> => {
    const startedAt = performance.now()
    const answer = await connection.send(request)
    const waited = performance.now() - startedAt
    if (!answer.startsWith('HTTP/1.1 200') || answer.includes('"isError":true')) {
      throw new Error(`unexpected answer: ${answer.slice(0, 500)}`)
    }
    return waited
  }
  try {
    await warmUp(aegisPort, toToolRequest(aegisPort, aegisToken, { tool: 'get_me', args: {} }))
    for (let n = 0; n < WARM_UP_READS; n++) {
      await time(gitea, direct('README.md'))
      await time(aegis, guarded('README.md'))
    }
    const waits: Record<keyof FileTimes, number[]> = { direct: [], cold: [], warm: [] }
    for (let n = 0; n < FILES; n++) {
      const filepath = toSourcePath(n)
      waits.direct.push(await time(gitea, direct(filepath)))
      waits.cold.push(await time(aegis, guarded(filepath)))
      waits.warm.push(await time(aegis, guarded(filepath)))
    }
    return { direct: toMedian(waits.direct), cold: toMedian(waits.cold), warm: toMedian(waits.warm) }
  } finally {
    gitea.close()
    aegis.close()
  }
}

async function warmUp(port: number, request: Buffer): Promise<void> {
  const pool = Array.from({ length: CALLERS }, () => new Connection(port))
  const isGood = (answer: string) => answer.startsWith('HTTP/1.1 200')
  await runLoad(pool, request, { concurrency: CALLERS, calls: WARM_UP, readCpuMs: () => 0, isGood })
  for (const connection of pool) connection.close()
}
