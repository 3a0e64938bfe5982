import { z } from 'zod'
import { searchRepositories } from '../gitea/repos.js'
import { Forbidden, InvalidInput, NotFound } from '../lib/errors.js'
import { SECOND } from '../lib/units.js'
import { RESOLVE_OPERATIONS, resolveCommit } from '../objects/resolve-commit.js'
import { FILL_OPERATIONS } from '../search/fill.js'
import { createMatcher } from '../search/matcher.js'
import { createLanguageFilter, createPathFilter } from '../search/path-filter.js'
import { defineTool, type ToolContext } from './define-tool.js'
import { describeCoverage, describeFile, FoundInRepository, toFound } from './found-code.js'
import { count, describePart, type ListPart, toListPart, toOneLine, toShortId, toText } from './lines.js'
import { flag, limit, owner, page, ref, repo, textOf } from './params.js'
import { toTextCost } from './text-cost.js'
import { loadUsablePart } from './usable-rows.js'

/** How long a call waits for files to come into the index, and then for the search itself. */
const FILL_MS = 20 * SECOND
const SCAN_MS = 3 * SECOND
const MOST_CONTEXT_LINES = 10
const MOST_MATCHES = 20
/** A call without a repository looks into so many. */
const REPOSITORIES_A_CALL = 10
const FILES_A_REPOSITORY = 5

const Input = z.strictObject({
  query: textOf(300).refine((text) => text.trim() !== '' && !/[\n\r]/.test(text), 'must be one line of text'),
  owner: owner.optional(),
  repo: repo.optional(),
  ref,
  regex: flag(),
  word: flag(),
  case: flag(),
  files: textOf(300, 'Glob').optional(),
  language: textOf(40).optional(),
  context: z.int().min(0).max(MOST_CONTEXT_LINES).default(0).meta({
    minimum: undefined,
    maximum: undefined,
    default: undefined,
    description: 'Lines',
  }),
  page,
  limit,
})
type Input = z.output<typeof Input>

const Output = z.object({
  repositories: z.array(FoundInRepository),
  /** Repositories that this call had no time for. */
  not_searched: z.array(z.string()),
  next: z.object({ page: z.number(), limit: z.number() }).optional(),
})

export const searchCode = defineTool({
  name: 'search_code',
  title: 'Search code',
  description: 'Finds text in files; without repo, in all repositories.',
  effect: 'read',
  toolset: 'search',
  scope: 'read:repository',
  operations: ['searchRepositories', ...RESOLVE_OPERATIONS, ...FILL_OPERATIONS],
  input: Input,
  output: Output,
  async run(input, context) {
    const { owner, repo, ref } = input
    if (owner !== undefined && repo !== undefined) return searchOne({ ...input, owner, repo }, context)
    if (repo !== undefined) throw new InvalidInput('repo needs owner too.')
    if (ref !== undefined) throw new InvalidInput('ref needs owner and repo.')
    return searchAll(input, context)
  },
  render({ repositories, not_searched, next }, input) {
    const [only] = repositories
    return input.repo !== undefined && only !== undefined
      ? describeOne(only, input, next)
      : describeAll(repositories, not_searched, input, next)
  },
})

async function searchOne(input: Input & { readonly owner: string; readonly repo: string }, context: ToolContext) {
  const { page } = input
  const limit = Math.min(input.limit, context.limits.maxItems)
  const take = { skip: (page - 1) * limit, take: limit, matchesAFile: MOST_MATCHES, fillMs: FILL_MS }
  const found = await searchIn(input, context, take)
  const { items, next } = toListPart(
    { items: found.files, total: found.counted ? found.matching_files : undefined },
    { page, limit },
    (file) => describeFile(file),
    context.limits.maxChars,
  )
  // without a total a full page does not prove that there is more
  const isMore = next !== undefined && (found.counted || items.length < found.files.length || !found.out_of_time)
  return {
    repositories: [{ ...found, files: items }],
    not_searched: [],
    ...(isMore ? { next } : {}),
  }
}

interface Part {
  readonly skip: number
  readonly take: number
  readonly matchesAFile: number
  readonly fillMs: number
  readonly onProgress?: (done: number, total: number) => void
}

/** @throws InvalidInput for a query, glob or language that is none; what Gitea says of repository and ref */
async function searchIn(
  input: Input & { readonly owner: string; readonly repo: string },
  context: ToolContext,
  part: Part,
) {
  const { owner, repo, ref, query, files, language, context: contextLines } = input
  const matcher = createMatcher({
    text: query,
    isRegex: input.regex,
    isWord: input.word,
    isCaseSensitive: input.case,
  })
  const filters = [
    ...(files === undefined ? [] : [createPathFilter(files)]),
    ...(language === undefined ? [] : [createLanguageFilter(language)]),
  ]
  const commit = await resolveCommit(context.gitea, context.objects, { owner, repo, ref })
  const findings = await context.search.search({
    client: context.gitea,
    store: context.objects,
    commit,
    signal: context.signal,
    budgetMs: part.fillMs,
    onProgress: part.onProgress ?? ((done, total) => context.progress(done, total, `Indexing ${owner}/${repo}`)),
    matcher,
    filters,
    hasAside: files !== undefined,
    mayReadPath: (path) => context.mayReadPathIn(owner, repo, path),
    maskSecrets: context.maskSecrets,
    skip: part.skip,
    take: part.take,
    matchesAFile: part.matchesAFile,
    contextLines,
    scanBudgetMs: SCAN_MS,
  })
  return toFound(findings, contextLines)
}

/** The repositories that changed last first; each with its own word from Gitea about this person. */
async function searchAll(input: Input, context: ToolContext) {
  const { items, next } = await loadUsablePart(
    (request) => searchRepositories(context.gitea, { ...request, query: '' }),
    ({ owner, name, isEmpty, permissions }) =>
      !isEmpty &&
      permissions.pull &&
      (input.owner === undefined || owner.toLowerCase() === input.owner.toLowerCase()) &&
      context.mayUseRepository(owner, name),
    { page: input.page, limit: REPOSITORIES_A_CALL },
    () => '',
    context.limits.maxChars,
  )
  const deadline = performance.now() + FILL_MS
  const repositories: FoundInRepository[] = []
  const notSearched: string[] = []
  let indexed = 0
  let room = context.limits.maxChars / 2
  for (const { owner, name } of items) {
    const fillMs = deadline - performance.now()
    if (fillMs <= 0 || room <= 0) {
      notSearched.push(`${owner}/${name}`)
      continue
    }
    const before = indexed
    const found = await searchIn({ ...input, owner, repo: name }, context, {
      skip: 0,
      take: FILES_A_REPOSITORY,
      matchesAFile: 3,
      fillMs,
      onProgress: (done) => {
        indexed = before + done
        context.progress(indexed, undefined, `Indexing ${owner}/${name}`)
      },
    }).catch(toGone)
    if (found === undefined) continue
    if (found.files.length > 0 || found.not_indexed > 0) repositories.push(found)
    room -= found.files.reduce((sum, file) => sum + toTextCost(describeFile(file)), 0)
  }
  return { repositories, not_searched: notSearched, ...(next === undefined ? {} : { next }) }
}

/** A repository that was emptied, closed or deleted since it was listed has no matches. */
function toGone(thrown: unknown): undefined {
  if (thrown instanceof NotFound || thrown instanceof Forbidden) return undefined
  throw thrown
}

function describeOne(found: FoundInRepository, input: Input, next: ListPart<unknown>['next']): string {
  const { files, matching_files, matching_lines, counted } = found
  const part = {
    items: files,
    first: (input.page - 1) * input.limit + 1,
    ...(counted ? { total: matching_files } : {}),
    ...(next === undefined ? {} : { next }),
  }
  const where = ` in ${input.owner}/${input.repo} at ${found.ref} (${toShortId(found.commit)})`
  const lines = counted && matching_lines > matching_files ? ` ${matching_lines} matching lines in all.` : ''
  return toText([
    describePart(part, { one: 'matching file', where }, input.limit) + lines,
    ...files.map((file) => describeFile(file)),
    ...describeCoverage(found),
  ])
}

function describeAll(
  repositories: readonly FoundInRepository[],
  notSearched: readonly string[],
  input: Input,
  next: ListPart<unknown>['next'],
): string {
  const matching = repositories.filter(({ files }) => files.length > 0)
  const of = input.owner === undefined ? '' : ` of ${input.owner}`
  const more = next === undefined ? '' : `; page=${next.page} looks into the next ones`
  return toText([
    `${matching.length === 0 ? 'No matches' : `Matches in ${count(matching.length, 'repository', 'repositories')}`}${of}${more}.`,
    ...repositories.flatMap((found) => describeRepository(found)),
    notSearched.length === 0 ? '' : `No time for ${notSearched.map(toOneLine).join(', ')}: pass owner and repo.`,
  ])
}

function describeRepository(found: FoundInRepository): string[] {
  const name = `${found.owner}/${found.repo}`
  const rest = found.matching_files - found.files.length
  const isMore = rest > 0 || (!found.counted && found.files.length > 0)
  return [
    ...found.files.map((file) => describeFile(file, `${name} `)),
    isMore ? `${name} has ${found.counted ? count(rest, 'more file') : 'more files'}: pass owner and repo.` : '',
    ...(found.not_indexed === 0 ? [] : describeCoverage(found).map((line) => `${name}: ${line}`)),
  ]
}
