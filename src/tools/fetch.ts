import { z } from 'zod'
import { getIssue, listIssueComments } from '../gitea/issues.js'
import { getRepository, type RepositoryName, toName } from '../gitea/repos.js'
import { InvalidInput, NotFound } from '../lib/errors.js'
import { findAddress } from '../lib/resource-address.js'
import { FILE_OPERATIONS, loadContents } from '../objects/files.js'
import { explainMissing } from '../objects/missing.js'
import { RESOLVE_OPERATIONS, type ResolvedCommit, resolveCommit } from '../objects/resolve-commit.js'
import { loadFolder } from '../objects/trees.js'
import { showAuthored } from './authored-text.js'
import { defineTool, type ToolContext } from './define-tool.js'
import { describeContents } from './describe-contents.js'
import { toFileAnswer } from './file-answer.js'
import { cutLines, toTextBudget } from './lines.js'
import { textOf } from './params.js'

/** What ChatGPT's connectors expect of a tool of this name. */
const Output = z.object({
  id: z.string(),
  title: z.string(),
  text: z.string(),
  url: z.string(),
  metadata: z.record(z.string(), z.string()),
})
type Document = z.output<typeof Output>

export const fetchDocument = defineTool({
  name: 'fetch',
  title: 'Fetch document',
  description: 'The text behind an id that search found.',
  effect: 'read',
  toolset: 'search',
  scope: 'read:repository',
  operations: ['getIssue', 'listIssueComments', ...RESOLVE_OPERATIONS, ...FILE_OPERATIONS],
  optionalOperations: ['getContents'],
  answersJson: true,
  input: z.strictObject({ id: textOf(5000) }),
  output: Output,
  run: ({ id }, context) => loadDocument(id, context),
  render: (document) => JSON.stringify(document),
})

const REPOSITORY = /^gitea:\/\/([\w.-]{1,100})\/([\w.-]{1,100})$/

/**
 * @throws InvalidInput for an id that is none, NotFound for what is not there or not for this connection
 */
async function loadDocument(id: string, context: ToolContext): Promise<Document> {
  const [, owner, repo] = REPOSITORY.exec(id) ?? []
  if (owner !== undefined && repo !== undefined) {
    return loadRepository(id, allow({ owner, repo }, context), context)
  }
  const address = findAddress(id)
  switch (address?.kind) {
    case 'file':
      return loadFile(id, allow(address, context), address, context)
    case 'issue':
    case 'pull':
      return loadIssue(id, allow(address, context), address.number, context)
    default:
      throw new InvalidInput('id must be one that search returned, like gitea://owner/repo/issue/1.')
  }
}

/** The gate knows only tools that name their repository in arguments; here the id does. */
function allow({ owner, repo }: RepositoryName, context: ToolContext): RepositoryName {
  if (context.mayUseRepository(owner, repo)) return { owner, repo }
  throw new NotFound(`${owner}/${repo} is not there, or this connection may not use it.`)
}

async function loadRepository(id: string, name: RepositoryName, context: ToolContext): Promise<Document> {
  const { gitea, objects } = context
  const repository = await getRepository(gitea, name)
  const about = [
    repository.description,
    repository.topics.length === 0 ? '' : `Topics: ${repository.topics.join(', ')}`,
  ]
  const commit = repository.isEmpty ? undefined : await resolveCommit(gitea, objects, { ...name, ref: undefined })
  const readme = commit && (await findReadme(commit, context))
  const text = [...about, readme ?? ''].filter((part) => part !== '').join('\n\n')
  return {
    id,
    title: toName(name),
    text: text === '' ? 'No description and no readme.' : text,
    url: repository.url,
    metadata: { kind: 'repository', default_branch: repository.defaultBranch, visibility: repository.visibility },
  }
}

async function findReadme(commit: ResolvedCommit, context: ToolContext): Promise<string | undefined> {
  const { entries } = await loadFolder(context.gitea, context.objects, commit)
  const { owner, repo } = commit
  const found = entries
    .filter(({ path, type }) => type === 'file' && /^readme(?:\.\w{1,10})?$/i.test(path))
    .find(({ path }) => context.mayReadPathIn(owner, repo, path))
  return found && (await readText(commit, found.path, context))
}

async function loadFile(
  id: string,
  name: RepositoryName,
  { path, ref }: { readonly path: string; readonly ref?: string },
  context: ToolContext,
): Promise<Document> {
  if (!context.mayReadPathIn(name.owner, name.repo, path)) {
    throw new NotFound(`${path} in ${toName(name)} is not there, or this connection may not read it.`)
  }
  const commit = await resolveCommit(context.gitea, context.objects, { ...name, ref })
  const [text, { url }] = await Promise.all([readText(commit, path, context), getRepository(context.gitea, name)])
  return {
    id,
    title: `${toName(name)} ${path}`,
    text,
    url: `${url}/src/commit/${commit.sha}/${path.split('/').map(encodeURIComponent).join('/')}`,
    metadata: { kind: 'file', ref: commit.ref, commit: commit.sha },
  }
}

async function readText(commit: ResolvedCommit, path: string, context: ToolContext): Promise<string> {
  const { gitea, objects, limits } = context
  const { owner, repo } = commit
  const mayReadPath = (other: string) => context.mayReadPathIn(owner, repo, other)
  const request = { path, maxBytes: limits.maxFileBytes }
  const found = await loadContents(gitea, objects, commit, request).catch(async (thrown: unknown) => {
    throw thrown instanceof NotFound ? await explainMissing(gitea, objects, commit, path, mayReadPath) : thrown
  })
  const wanted = { path, startLine: 1, endLine: Number.POSITIVE_INFINITY, maxChars: toTextBudget(limits.maxChars) }
  const answer = toFileAnswer(found, wanted, { ...context, mayReadPath })
  if (answer.type !== 'file' || answer.text === undefined) return describeContents(answer, path)
  const { endLine = 0, totalLines = 0 } = answer.lines ?? {}
  const rest = endLine < totalLines ? `\n… lines ${endLine + 1}-${totalLines}: get_file_contents reads them.` : ''
  return `${answer.text}${rest}`
}

async function loadIssue(id: string, name: RepositoryName, index: number, context: ToolContext): Promise<Document> {
  const { gitea, limits } = context
  const [issue, trusts] = await Promise.all([getIssue(gitea, { ...name, index }), context.trustAuthors(name)])
  const comments = issue.comments === 0 ? [] : await listIssueComments(gitea, { ...name, index })
  const parts = [
    showAuthored(trusts, issue.author, issue.body).text,
    ...comments.map(({ author, createdAt, body }) => {
      return `${author} on ${createdAt.slice(0, 10)}:\n${showAuthored(trusts, author, body).text}`
    }),
  ].filter((part) => part !== '')
  const whole = parts.join('\n\n')
  const { text, endLine, totalLines } = cutLines(
    whole,
    1,
    Number.POSITIVE_INFINITY,
    toTextBudget(limits.maxChars),
    context.maskSecrets,
  )
  const rest = endLine < totalLines ? '\n… there is more: get_issue and list_issue_comments read it.' : ''
  return {
    id,
    title: `${toName(name)}#${index} ${showAuthored(trusts, issue.author, issue.title).text}`,
    text: whole === '' ? 'No text.' : `${text}${rest}`,
    url: issue.url,
    metadata: {
      kind: issue.isPull ? 'pull request' : 'issue',
      state: issue.state,
      author: issue.author,
      created_at: issue.createdAt,
      updated_at: issue.updatedAt,
      ...(issue.labels.length === 0 ? {} : { labels: issue.labels.join(', ') }),
    },
  }
}
