import { z } from 'zod'
import type { JobContext } from './define-job.js'

/** Where a list goes on: the arguments that its tool names. */
export const next = z.object({ page: z.int(), limit: z.int() }).optional()

const FIRST = { page: 1, limit: 50 }

interface Part {
  readonly next?: z.output<typeof next>
}

/**
 * The parts of a list, one after the other, to its end unless `most` are enough.
 *
 * @throws ToolRefused
 */
export async function* readPages<Read extends Part>(
  context: Pick<JobContext<unknown>, 'repository' | 'read'>,
  tool: string,
  args: Readonly<Record<string, unknown>>,
  schema: z.ZodType<Read>,
  most = Number.POSITIVE_INFINITY,
): AsyncGenerator<Read> {
  let at: z.output<typeof next> = FIRST
  for (let page = 0; at !== undefined && page < most; page += 1) {
    const part: Read = await context.read(tool, { ...context.repository, ...args, ...at }, schema)
    yield part
    at = part.next
  }
}
