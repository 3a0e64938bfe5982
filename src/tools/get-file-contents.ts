import { z } from 'zod'
import { getContents } from '../gitea/contents.js'
import { explainMissing } from '../gitea/git.js'
import { InvalidInput, NotFound } from '../lib/errors.js'
import { decodeText, findLfsPointer } from '../lib/file-text.js'
import { defineTool } from './define-tool.js'
import { describeContents } from './describe-contents.js'
import { cutLines, toTextBudget } from './lines.js'
import { endLine, owner, ref, repo, repositoryPath, startLine } from './params.js'

export const getFileContents = defineTool({
  name: 'get_file_contents',
  title: 'Read file',
  description: 'Reads one file or some lines.',
  effect: 'read',
  toolset: 'files',
  scope: 'read:repository',
  operations: ['getContents', 'getCommit', 'getRepository', 'getTree'],
  pathArgument: 'filepath',
  input: z.strictObject({
    owner,
    repo,
    filepath: repositoryPath('Full path'),
    ref,
    start_line: startLine,
    end_line: endLine,
  }),
  output: z.object({
    type: z.enum(['file', 'binary', 'too_large', 'lfs', 'symlink', 'submodule', 'folder']),
    size_bytes: z.number().optional(),
    text: z.string().optional(),
    encoding: z.string().optional(),
    lines: z
      .object({ startLine: z.number(), endLine: z.number(), totalLines: z.number(), cutChars: z.number() })
      .optional(),
    target: z.string().optional(),
    names: z.array(z.string()).optional(),
    hidden: z.number().optional(),
    limit_bytes: z.number().optional(),
  }),
  async run(input, { gitea, limits, mayReadPath, maskSecrets }) {
    const { owner, repo, filepath, ref, start_line, end_line = Number.POSITIVE_INFINITY } = input
    if (end_line < start_line) throw new InvalidInput('end_line must not be before start_line.')
    const request = { owner, repo, filepath, ref, maxBytes: limits.maxFileBytes }
    const found = await getContents(gitea, request).catch(async (thrown: unknown) => {
      throw thrown instanceof NotFound
        ? await explainMissing(gitea, { owner, repo, ref, path: filepath, mayReadPath })
        : thrown
    })
    switch (found.type) {
      case 'symlink':
        return { type: 'symlink', target: found.target }
      case 'submodule':
        return { type: 'submodule', target: found.url }
      case 'folder': {
        const names = found.names.filter((name) => mayReadPath(`${filepath}/${name.replace(/\/$/, '')}`))
        return { type: 'folder', names, hidden: found.names.length - names.length }
      }
      case 'file':
        break
    }
    const { sizeBytes: size_bytes, bytes } = found
    if (bytes === undefined) return { type: 'too_large', size_bytes, limit_bytes: limits.maxFileBytes }
    const pointer = findLfsPointer(bytes)
    if (pointer) return { type: 'lfs', size_bytes: pointer.sizeBytes, target: pointer.oid }
    const decoded = decodeText(bytes)
    if (decoded === undefined) return { type: 'binary', size_bytes }
    const { text, ...lines } = cutLines(decoded.text, start_line, end_line, toTextBudget(limits.maxChars), maskSecrets)
    if (start_line > Math.max(1, lines.totalLines)) {
      throw new InvalidInput(`${filepath} has ${lines.totalLines} lines; start_line=${start_line} is past its end.`)
    }
    return { type: 'file', size_bytes, text, lines, encoding: decoded.encoding }
  },
  render: (output, { filepath, ref }) =>
    describeContents(output, ref === undefined ? filepath : `${filepath} at ${ref}`),
})
