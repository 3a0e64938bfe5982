import { z } from 'zod'
import { type DiffFile, parseDiff, pathsOf } from '../gitea/diff.js'
import { type Commit, getCommitDiff, listCommits } from '../gitea/git.js'
import { sha256Hex } from '../lib/crypto.js'
import { NotFound } from '../lib/errors.js'
import { openCommit, RESOLVE_OPERATIONS, resolveCommit } from '../objects/resolve-commit.js'
import { compareTrees } from '../objects/tree-changes.js'
import { TREE_OPERATIONS } from '../objects/trees.js'
import { findAddedSecrets, maskPath } from './added-secrets.js'
import { defineTool, type ToolContext } from './define-tool.js'
import { count, toOneLine, toShortId, toText } from './lines.js'
import { limit, listPosition, owner, page, repo, requiredRef } from './params.js'

/*
 * Looks for secrets in what commits added and says where they are, never what they are. It works whatever
 * SECRET_DETECTION_MODE says: what is switched off there is the masking of answers.
 */

const Found = z.object({
  rule: z.string(),
  path: z.string(),
  line: z.number(),
  commit: z.string(),
  author: z.string(),
  /** The same for the same line of the same commit. Made from where the secret stands, not from the secret. */
  fingerprint: z.string(),
})
type Found = z.output<typeof Found>

/** One commit that holds more is a data set, and the first of them tell enough. */
const MOST_FOUND = 500
/** Diffs read at a time. */
const PARALLEL = 4

export const scanAddedSecrets = defineTool({
  name: 'scan_added_secrets',
  title: 'Scan for secrets',
  description: 'Where commits that head has and base has not added secrets, newest first; never what the secrets are.',
  effect: 'read',
  toolset: 'repositories',
  scope: 'read:repository',
  audience: 'jobs',
  operations: [...RESOLVE_OPERATIONS, ...TREE_OPERATIONS, 'listCommits', 'getCommitDiff'],
  input: z.strictObject({
    owner,
    repo,
    base: requiredRef.describe('Older ref; all that head has when left out').optional(),
    head: requiredRef.describe('Newer ref'),
    page,
    limit,
  }),
  output: z.object({
    /** Full id of the commit that `head` is. */
    head: z.string(),
    /** There is no such base any more, so nothing was looked at. */
    base_gone: z.boolean(),
    findings: z.array(Found),
    /** Secrets that are not among the findings because there are too many. */
    more: z.number(),
    /** How many commits were looked at. */
    commits: z.number(),
    /** Changed files that the policy hides, and so were not looked into. */
    hidden: z.number(),
    /** Commits whose changes are too large to be read to their end. */
    cut: z.number(),
    ...listPosition,
  }),
  async run({ owner, repo, base, head: asked, page, limit }, context) {
    const { gitea, objects, limits, progress } = context
    const name = { owner, repo }
    const { sha: head } = await resolveCommit(gitea, objects, { ...name, ref: asked })
    const not = base === undefined ? undefined : await findBase(context, { ...name, ref: base })
    const nothing = { head, findings: [], more: 0, commits: 0, hidden: 0, cut: 0, first: 1 }
    if (base !== undefined && not === undefined) return { ...nothing, base_gone: true, total: 0 }
    const size = Math.min(limit, limits.maxItems)
    const { items, total } = await listCommits(gitea, { ...name, ref: head, not, page, limit: size })
    const scans: CommitScan[] = []
    for (let at = 0; at < items.length; at += PARALLEL) {
      const some = items.slice(at, at + PARALLEL)
      scans.push(...(await Promise.all(some.map((commit) => scanCommit(context, { ...name, commit })))))
      progress(Math.min(items.length, at + PARALLEL), items.length)
    }
    const found = scans.flatMap(({ findings }) => findings)
    const first = (page - 1) * size + 1
    const isLast = items.length === 0 || (total !== undefined && first + items.length > total)
    return {
      head,
      base_gone: false,
      findings: found.slice(0, MOST_FOUND),
      more: Math.max(0, found.length - MOST_FOUND),
      commits: items.length,
      hidden: scans.reduce((sum, { hidden }) => sum + hidden, 0),
      cut: scans.filter(({ isCut }) => isCut).length,
      first,
      ...(total === undefined ? {} : { total }),
      ...(isLast ? {} : { next: { page: page + 1, limit: size } }),
    }
  },
  render({ head, findings, more, commits, hidden, cut }, { owner, repo }) {
    return toText([
      `${count(findings.length + more, 'secret')} in ${count(commits, 'commit')} up to ${toShortId(head)} in ${owner}/${repo}.`,
      ...findings.map(
        ({ rule, path, line, commit, author }) =>
          `${rule} ${toOneLine(path)}:${line} ${toShortId(commit)} by ${toOneLine(author)}`,
      ),
      hidden === 0 ? '' : `${count(hidden, 'changed file')} not looked into: the policy hides them.`,
      cut === 0 ? '' : `${count(cut, 'commit')} too large to be read to the end.`,
    ])
  },
})

interface CommitScan {
  readonly findings: readonly Found[]
  readonly hidden: number
  readonly isCut: boolean
}

interface OneCommit {
  readonly owner: string
  readonly repo: string
  readonly commit: Commit
}

/** Its full id; undefined when it is not in the repository any more, as after a forced push. */
async function findBase(
  { gitea, objects }: ToolContext,
  args: { readonly owner: string; readonly repo: string; readonly ref: string },
): Promise<string | undefined> {
  return (
    await resolveCommit(gitea, objects, args).catch((thrown: unknown) => {
      if (thrown instanceof NotFound) return undefined
      throw thrown
    })
  )?.sha
}

async function scanCommit(context: ToolContext, { owner, repo, commit }: OneCommit): Promise<CommitScan> {
  const { sha, author } = commit
  const { text, truncated } = await getCommitDiff(context.gitea, { owner, repo, sha })
  const all = parseDiff(text)
  const visible = all.filter((file) => pathsOf(file)?.every(context.mayReadPath))
  const added = await keepOwn(context, { owner, repo, commit }, visible)
  const findings = added.map(({ path: name, rule, line }) => {
    // the path goes into the fingerprint as it is shown, so that one with a secret in it cannot be tried out either
    const path = maskPath(name)
    return { rule, path, line, commit: sha, author, fingerprint: toFingerprint([sha, path, rule, String(line)]) }
  })
  return { findings, hidden: all.length - visible.length, isCut: truncated }
}

/**
 * A merge shows all that it brings to its first parent, which the other parents' own commits answer for. Only files that
 * are like none of the parents' were changed in it.
 */
async function keepOwn(context: ToolContext, { owner, repo, commit }: OneCommit, files: readonly DiffFile[]) {
  const added = await findAddedSecrets(files)
  if (added.length === 0 || commit.parents.length < 2) return added
  const open = async (ref: string) => (await openCommit(context.gitea, { owner, repo, ref })).commit
  const merge = await open(commit.sha)
  let own = added
  for (const parent of commit.parents.slice(1)) {
    const { changes, isComplete } = await compareTrees(context.gitea, context.objects, await open(parent), merge)
    const differs = new Set(changes.map(({ path }) => path))
    if (isComplete) own = own.filter(({ path }) => differs.has(path))
  }
  return own
}

function toFingerprint(parts: readonly string[]): string {
  return sha256Hex(parts.join('\n')).slice(0, 32)
}
