import { z } from 'zod'
import { InvalidInput, NotFound } from '../lib/errors.js'
import { FILE_OPERATIONS, loadContents, readAhead } from '../objects/files.js'
import { explainMissing } from '../objects/missing.js'
import { RESOLVE_OPERATIONS, type ResolvedCommit, resolveCommit } from '../objects/resolve-commit.js'
import { defineTool, type ToolContext } from './define-tool.js'
import { describeContents } from './describe-contents.js'
import { FileAnswer, type FileRequest, toFileAnswer } from './file-answer.js'
import { toTextBudget } from './lines.js'
import { endLine, owner, ref, repo, repositoryPath, startLine } from './params.js'
import { toTextCost } from './text-cost.js'

const MOST_FILES = 20
/** The head line of each file, with a long path. */
const FILE_HEAD_CHARS = 150

export const getFileContents = defineTool({
  name: 'get_file_contents',
  title: 'Read file',
  description: 'Reads one file, some of its lines, or several files.',
  effect: 'read',
  toolset: 'files',
  scope: 'read:repository',
  operations: [...RESOLVE_OPERATIONS, ...FILE_OPERATIONS],
  optionalOperations: ['getContents'],
  pathArgument: 'filepath',
  input: z
    .strictObject({
      owner,
      repo,
      filepath: repositoryPath('Full path').optional(),
      filepaths: z
        .array(repositoryPath())
        .max(MOST_FILES)
        .meta({ maxItems: undefined, description: 'Several at once' })
        .optional(),
      ref,
      start_line: startLine,
      end_line: endLine,
    })
    .refine(
      ({ filepath, filepaths = [] }) => (filepath === undefined) !== (filepaths.length === 0),
      'pass filepath for one file, or filepaths for several: one of the two',
    ),
  output: z.object({ files: z.array(FileAnswer) }),
  async run(input, context) {
    const { filepath, filepaths, start_line: startLine, end_line = Number.POSITIVE_INFINITY } = input
    const paths = toPaths(filepath, filepaths)
    if (end_line < startLine) throw new InvalidInput('end_line must not be before start_line.')
    if (filepath === undefined && (startLine > 1 || end_line < Number.POSITIVE_INFINITY)) {
      throw new InvalidInput('start_line and end_line go with one filepath, not with filepaths.')
    }
    const { owner, repo, ref } = input
    const { gitea, objects, limits } = context
    const maxBytes = limits.maxFileBytes
    const ahead =
      filepath === undefined ? undefined : readAhead(gitea, objects, { owner, repo, ref, path: filepath, maxBytes })
    const commit = await resolveCommit(gitea, objects, { owner, repo, ref })
    const maxChars = toTextBudget(limits.maxChars)
    const files: FileAnswer[] =
      filepath === undefined
        ? await readSeveral(commit, paths, maxChars, context)
        : [await readOne(commit, { path: filepath, startLine, endLine: end_line, maxChars }, context, ahead)]
    return { files }
  },
  render({ files }, { filepath, ref }) {
    const at = ref === undefined ? '' : ` at ${ref}`
    if (filepath !== undefined) return files.map((file) => describeContents(file, filepath + at)).join('\n')
    return files
      .map((file) => `=== ${describeContents(file, file.path + at, `filepath=${JSON.stringify(file.path)} `)}`)
      .join('\n')
  },
})

function toPaths(filepath: string | undefined, filepaths: readonly string[] | undefined): readonly string[] {
  return filepath === undefined ? [...new Set(filepaths)] : [filepath]
}

async function readOne(
  commit: ResolvedCommit,
  request: FileRequest,
  context: ToolContext,
  ahead?: ReturnType<typeof readAhead>,
): Promise<FileAnswer> {
  const { gitea, objects, limits, mayReadPath } = context
  const { path } = request
  const found = await loadContents(gitea, objects, commit, { path, maxBytes: limits.maxFileBytes }, ahead).catch(
    async (thrown: unknown) => {
      throw thrown instanceof NotFound ? await explainMissing(gitea, objects, commit, path, mayReadPath) : thrown
    },
  )
  return toFileAnswer(found, request, context)
}

/** One after the other: each may take what the ones before it left of the text. */
async function readSeveral(
  commit: ResolvedCommit,
  paths: readonly string[],
  budget: number,
  context: ToolContext,
): Promise<FileAnswer[]> {
  const files: FileAnswer[] = []
  let left = budget
  for (const [at, path] of paths.entries()) {
    const maxChars = Math.max(1, Math.floor(left / (paths.length - at)) - FILE_HEAD_CHARS)
    const request = { path, startLine: 1, endLine: Number.POSITIVE_INFINITY, maxChars }
    const file = context.mayReadPath(path)
      ? await readOne(commit, request, context).catch((thrown: unknown) => toRefused(path, thrown))
      : { path, type: 'refused' as const, reason: 'the policy does not show it.' }
    left -= toTextCost(file.text ?? '') + FILE_HEAD_CHARS
    files.push(file)
  }
  return files
}

/** A file that is missing must not keep the others back. */
function toRefused(path: string, thrown: unknown): FileAnswer {
  if (thrown instanceof NotFound) return { path, type: 'refused', reason: thrown.message }
  throw thrown
}
