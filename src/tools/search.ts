import { z } from 'zod'
import { searchIssues } from '../gitea/issue-search.js'
import { getRepository, type Repository, type RepositoryName, searchRepositories } from '../gitea/repos.js'
import { Forbidden, NotFound } from '../lib/errors.js'
import { formatAddress } from '../lib/resource-address.js'
import { SECOND } from '../lib/units.js'
import { RESOLVE_OPERATIONS, resolveCommit } from '../objects/resolve-commit.js'
import { FILL_OPERATIONS } from '../search/fill.js'
import { createMatcher } from '../search/matcher.js'
import { showAuthored, trustInEach } from './authored-text.js'
import { defineTool, type ToolContext } from './define-tool.js'
import { toOneLine } from './lines.js'
import { textOf } from './params.js'

/** What ChatGPT's connectors expect of a tool of this name. */
const Result = z.object({ id: z.string(), title: z.string(), url: z.string() })
type Result = z.output<typeof Result>

const MOST_REPOSITORIES = 5
const MOST_ISSUES = 10
const MOST_FILES = 10
/** Files are searched in the repository that is named, else in this many; those not yet indexed cost the most. */
const CODE_REPOSITORIES = 3
const FILL_MS = 8 * SECOND
const SCAN_MS = SECOND
const MOST_TITLE_CHARS = 200

export const search = defineTool({
  name: 'search',
  title: 'Search everything',
  description: 'Finds repositories, issues and files for fetch. repo:owner/name narrows.',
  effect: 'read',
  toolset: 'search',
  scope: 'read:repository',
  operations: ['searchRepositories', 'searchIssues', ...RESOLVE_OPERATIONS, ...FILL_OPERATIONS],
  answersJson: true,
  input: z.strictObject({ query: textOf(300) }),
  output: z.object({ results: z.array(Result) }),
  run: async ({ query }, context) => ({ results: await findResults(query, context) }),
  render: (output) => JSON.stringify(output),
})

async function findResults(query: string, context: ToolContext): Promise<Result[]> {
  const { words, repository } = splitQuery(query)
  if (repository !== undefined && !context.mayUseRepository(repository.owner, repository.repo)) return []
  const repositories = await findRepositories(words, repository, context)
  if (repository !== undefined && repositories.length === 0) return []
  const issues = await findIssues(words, repository, context)
  const files = words === '' ? [] : await findFiles(words, repository, repositories, context)
  return [...repositories.map(toRepositoryResult), ...issues, ...files]
}

const NAMED = /(?:^|\s)repo:([\w.-]{1,100})\/([\w.-]{1,100})(?=\s|$)/i

function splitQuery(query: string): { readonly words: string; readonly repository: RepositoryName | undefined } {
  const [, owner, repo] = NAMED.exec(query) ?? []
  const words = query.replace(NAMED, ' ').replace(/\s+/g, ' ').trim()
  return { words, repository: owner === undefined || repo === undefined ? undefined : { owner, repo } }
}

async function findRepositories(
  words: string,
  named: RepositoryName | undefined,
  { gitea, mayUseRepository }: ToolContext,
): Promise<Repository[]> {
  if (named !== undefined) {
    const repository = await getRepository(gitea, named).catch(toMissing)
    return repository === undefined ? [] : [repository]
  }
  const { items } = await searchRepositories(gitea, { query: words, page: 1, limit: 4 * MOST_REPOSITORIES })
  return items.filter(({ owner, name }) => mayUseRepository(owner, name)).slice(0, MOST_REPOSITORIES)
}

function toRepositoryResult({ owner, name, description, url }: Repository): Result {
  const about = description === '' ? '' : `: ${description}`
  return { id: `gitea://${owner}/${name}`, title: toTitle(`${owner}/${name}${about}`), url }
}

async function findIssues(
  words: string,
  named: RepositoryName | undefined,
  { gitea, mayUseRepository, trustAuthors }: ToolContext,
): Promise<Result[]> {
  if (words === '') return []
  const found = await searchIssues(gitea, {
    query: words,
    owner: named?.owner,
    state: 'all',
    type: undefined,
    concern: undefined,
    page: 1,
    limit: 50,
  })
  const isWanted = ({ owner, name }: { readonly owner: string; readonly name: string }) =>
    (named === undefined || toKey(owner, name) === toKey(named.owner, named.repo)) && mayUseRepository(owner, name)
  const issues = found.items.filter(({ repository }) => isWanted(repository)).slice(0, MOST_ISSUES)
  const names = issues.map(({ repository: { owner, name: repo } }) => ({ owner, repo }))
  const trusts = await trustInEach(names, trustAuthors)
  return issues.map(({ repository: { owner, name: repo }, number, title, author, isPull, url }) => {
    const { text } = showAuthored(trusts({ owner, repo }), author, title)
    return {
      id: formatAddress({ kind: isPull ? 'pull' : 'issue', owner, repo, number }),
      title: toTitle(`${owner}/${repo}#${number} ${text}`),
      url,
    }
  })
}

function toKey(owner: string, name: string): string {
  return `${owner}/${name}`.toLowerCase()
}

/** Files that have the words as they stand; where no repository is named or found, in those that changed last. */
async function findFiles(
  words: string,
  named: RepositoryName | undefined,
  found: readonly Repository[],
  context: ToolContext,
): Promise<Result[]> {
  const places = named === undefined && found.length === 0 ? await findRepositories('', undefined, context) : found
  const deadline = performance.now() + FILL_MS
  const results: Result[] = []
  for (const place of places.slice(0, CODE_REPOSITORIES)) {
    const fillMs = deadline - performance.now()
    if (place.isEmpty || !place.permissions.pull || results.length >= MOST_FILES || fillMs <= 0) continue
    // one that was emptied, closed or deleted meanwhile has no files
    results.push(...((await findFilesIn(place, words, fillMs, context).catch(toMissing)) ?? []))
  }
  return results.slice(0, MOST_FILES)
}

async function findFilesIn(place: Repository, words: string, fillMs: number, context: ToolContext): Promise<Result[]> {
  const { owner, name: repo, url } = place
  const { gitea, objects, signal } = context
  const commit = await resolveCommit(gitea, objects, { owner, repo, ref: undefined })
  const { files } = await context.search.search({
    client: gitea,
    store: objects,
    commit,
    signal,
    budgetMs: fillMs,
    onProgress: () => {},
    matcher: createMatcher({ text: words, isRegex: false, isWord: false, isCaseSensitive: false }),
    filters: [],
    hasAside: false,
    mayReadPath: (path) => context.mayReadPathIn(owner, repo, path),
    maskSecrets: context.maskSecrets,
    skip: 0,
    take: MOST_FILES,
    matchesAFile: 1,
    contextLines: 0,
    scanBudgetMs: SCAN_MS,
  })
  return files.map(({ path, lines }) => {
    const [line] = lines
    const at = line === undefined ? '' : ` line ${line.number}: ${line.text.trim()}`
    const place = path.split('/').map(encodeURIComponent).join('/')
    return {
      id: formatAddress({ kind: 'file', owner, repo, path }),
      title: toTitle(`${owner}/${repo} ${path}${at}`),
      url: `${url}/src/commit/${commit.sha}/${place}#L${line?.number ?? 1}`,
    }
  })
}

function toTitle(text: string): string {
  const line = toOneLine(text)
  return line.length <= MOST_TITLE_CHARS ? line : `${line.slice(0, MOST_TITLE_CHARS).toWellFormed()}…`
}

function toMissing(thrown: unknown): undefined {
  if (thrown instanceof NotFound || thrown instanceof Forbidden) return undefined
  throw thrown
}
