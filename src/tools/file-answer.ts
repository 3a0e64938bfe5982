import { z } from 'zod'
import type { Contents } from '../gitea/contents.js'
import { InvalidInput } from '../lib/errors.js'
import { decodeText, findLfsPointer } from '../lib/file-text.js'
import type { ToolContext } from './define-tool.js'
import { cutLines } from './lines.js'
import { textLines } from './params.js'

/** What stands at a path; which fields are there depends on `type`. */
export const FileAnswer = z.object({
  path: z.string(),
  type: z.enum(['file', 'binary', 'too_large', 'lfs', 'symlink', 'submodule', 'folder', 'refused']),
  size_bytes: z.number().optional(),
  text: z.string().optional(),
  encoding: z.string().optional(),
  lines: textLines.optional(),
  target: z.string().optional(),
  names: z.array(z.string()).optional(),
  hidden: z.number().optional(),
  limit_bytes: z.number().optional(),
  /** Why it is `refused`. */
  reason: z.string().optional(),
})
export type FileAnswer = z.output<typeof FileAnswer>

export interface FileRequest {
  readonly path: string
  readonly startLine: number
  /** Infinity for the end. */
  readonly endLine: number
  /** Text of at most so many characters. */
  readonly maxChars: number
}

/**
 * The answer about one path, from what was found there.
 *
 * @throws InvalidInput when the lines asked for are past the end
 */
export function toFileAnswer(found: Contents, request: FileRequest, context: ToolContext): FileAnswer {
  const { path } = request
  const { limits, mayReadPath } = context
  switch (found.type) {
    case 'symlink':
      return { path, type: 'symlink', target: found.target }
    case 'submodule':
      return { path, type: 'submodule', target: found.url }
    case 'folder': {
      const names = found.names.filter((name) => mayReadPath(`${path}/${name.replace(/\/$/, '')}`))
      return { path, type: 'folder', names, hidden: found.names.length - names.length }
    }
    case 'file':
      return found.bytes === undefined
        ? { path, type: 'too_large', size_bytes: found.sizeBytes, limit_bytes: limits.maxFileBytes }
        : toTextAnswer(found.bytes, request, context)
  }
}

function toTextAnswer(bytes: Buffer, request: FileRequest, { maskSecrets }: ToolContext): FileAnswer {
  const { path, startLine, endLine, maxChars } = request
  const size_bytes = bytes.length
  const pointer = findLfsPointer(bytes)
  if (pointer) return { path, type: 'lfs', size_bytes: pointer.sizeBytes, target: pointer.oid }
  const decoded = decodeText(bytes)
  if (decoded === undefined) return { path, type: 'binary', size_bytes }
  const { text, ...lines } = cutLines(decoded.text, startLine, endLine, maxChars, maskSecrets)
  if (startLine > Math.max(1, lines.totalLines)) {
    throw new InvalidInput(`${path} has ${lines.totalLines} lines; start_line=${startLine} is past its end.`)
  }
  const answer = { path, type: 'file' as const, size_bytes, text, lines }
  return decoded.encoding === undefined ? answer : { ...answer, encoding: decoded.encoding }
}
