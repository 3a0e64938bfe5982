import { z } from 'zod'
import { InvalidInput } from '../lib/errors.js'
import type { JobContext } from './define-job.js'
import { ToolRefused } from './tool-refused.js'

const Answer = z.object({
  files: z
    .array(
      z.object({
        type: z.string(),
        text: z.string().optional(),
        lines: z.object({ endLine: z.int(), totalLines: z.int(), cutChars: z.int() }).optional(),
      }),
    )
    .length(1),
})

/** Files that people write by hand are shorter than this, in characters. */
const LONGEST = 400_000

/**
 * The text of a small file, piece by piece as the tool gives it; undefined when there is none at that path. Secrets in
 * it are masked.
 *
 * @param ref the default branch when absent
 * @throws InvalidInput when it is no text, or too long
 * @throws ToolRefused
 */
export async function readTextFile<Parameters>(
  context: JobContext<Parameters>,
  path: string,
  ref?: string,
): Promise<string | undefined> {
  const parts: string[] = []
  let length = 0
  for (let line = 1; ; ) {
    const found = await context
      .read(
        'get_file_contents',
        { ...context.repository, filepath: path, start_line: line, ...(ref === undefined ? {} : { ref }) },
        Answer,
      )
      .catch((thrown: unknown) => {
        if (thrown instanceof ToolRefused && thrown.refusal.code === 'not_found') return undefined
        throw thrown
      })
    const [file] = found?.files ?? []
    if (file === undefined) {
      return undefined
    }
    if (file.type !== 'file' || file.text === undefined) {
      throw new InvalidInput(`${path} cannot be read as text: it is ${file.type.replace('_', ' ')}.`)
    }
    parts.push(file.text)
    length += file.text.length
    const { endLine = 0, totalLines = 0, cutChars = 0 } = file.lines ?? {}
    if (length > LONGEST || cutChars > 0) {
      throw new InvalidInput(`${path} has more than ${LONGEST} characters, or a line that is too long.`)
    }
    if (endLine >= totalLines) {
      return parts.join('\n')
    }
    line = endLine + 1
  }
}
