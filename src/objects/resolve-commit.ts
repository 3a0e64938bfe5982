import { AnswerTooLarge } from '../gitea/answer.js'
import type { GiteaClient } from '../gitea/client.js'
import { type Commit, getCommit } from '../gitea/git.js'
import { findReference, type Reference } from '../gitea/git-data.js'
import { getRepository, type Repository, type RepositoryName, toName } from '../gitea/repos.js'
import { Forbidden, InvalidInput, NotFound } from '../lib/errors.js'
import type { ObjectStore } from './store.js'

/*
 * The door to the store. Objects are reached only through a commit that Gitea, asked in this call with the caller's own
 * token, named as being in a repository whose code the caller may read. That is never remembered: the next call asks
 * again. What is remembered is only which commits a repository has, by the repository's id.
 */

/** What resolving may ask of Gitea; every tool that reads through the store declares it. */
export const RESOLVE_OPERATIONS = ['getRefs', 'getRepository', 'getCommit'] as const

/** Only this file makes one, so that having one is the proof. */
class ProvenCommit {
  // a private field keeps anything else of this shape from passing as one
  readonly #name: RepositoryName

  constructor(
    name: RepositoryName,
    readonly sha: string,
    /** What was asked for, or the default branch. */
    readonly ref: string,
  ) {
    this.#name = name
  }

  get owner(): string {
    return this.#name.owner
  }

  get repo(): string {
    return this.#name.repo
  }
}

/** A commit that this caller may read now; the argument of everything that reads from the store. */
export type ResolvedCommit = ProvenCommit

/** The repository is there and has no commits yet. */
export class EmptyRepository extends NotFound {}

const FULL_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i
const SHORT_ID = /^[0-9a-f]{4,63}$/i

/**
 * Asks Gitea, as the caller, what a ref is now: a branch, else a tag (an annotated one is followed to its commit), else
 * a commit id, full or shortened; the default branch when left out.
 *
 * @throws NotFound saying whether repository, commits (`EmptyRepository`) or ref are missing
 * @throws Forbidden when the person may see the repository and not its code
 */
export async function resolveCommit(
  client: GiteaClient,
  store: ObjectStore,
  args: RepositoryName & { readonly ref: string | undefined },
): Promise<ResolvedCommit> {
  const { ref } = args
  if (ref !== undefined && FULL_ID.test(ref)) return resolveId(client, store, args, ref.toLowerCase())
  const commit = await resolveName(client, store, { ...args, ref })
  noteGuess(store, args, commit.sha)
  return commit
}

interface Asked extends RepositoryName {
  readonly ref: string | undefined
}

/** What refs were when someone asked last. Lost with the process and of no weight: the one use is to guess. */
const guesses = new WeakMap<ObjectStore, Map<string, string>>()
const MAX_GUESSES = 10_000

/** The id of the commit that this ref was when someone asked last: a guess, for asking two questions at once. */
export function guessCommit(store: ObjectStore, args: Asked): string | undefined {
  return guesses.get(store)?.get(toGuessKey(args))
}

function noteGuess(store: ObjectStore, args: Asked, sha: string): void {
  const known = guesses.get(store) ?? new Map<string, string>()
  guesses.set(store, known)
  known.set(toGuessKey(args), sha)
  const [oldest] = known.keys()
  if (known.size > MAX_GUESSES && oldest !== undefined) known.delete(oldest)
}

function toGuessKey(args: Asked): string {
  return `${toName(args).toLowerCase()}:${args.ref ?? ''}`
}

async function resolveName(client: GiteaClient, store: ObjectStore, args: Asked): Promise<ResolvedCommit> {
  const { ref } = args
  if (ref === undefined || ref === 'HEAD') return resolveDefault(client, store, args)
  const sha = await findNamed(client, store, { ...args, ref })
  if (sha !== undefined) return new ProvenCommit(args, sha, ref)
  const commit = SHORT_ID.test(ref) ? await getCommit(client, { ...args, ref }).catch(toMissing) : undefined
  // Gitea takes names here too, and those were looked for before
  if (commit?.sha.startsWith(ref.toLowerCase())) return new ProvenCommit(args, commit.sha, ref)
  throw await explainRef(client, args, ref)
}

/** A commit with its header, asked of Gitea as the caller. */
export async function openCommit(
  client: GiteaClient,
  args: RepositoryName & { readonly ref: string },
): Promise<{ readonly header: Commit; readonly commit: ResolvedCommit }> {
  const header = await getCommit(client, args)
  return { header, commit: new ProvenCommit(args, header.sha, args.ref) }
}

async function resolveDefault(client: GiteaClient, store: ObjectStore, name: RepositoryName): Promise<ResolvedCommit> {
  const key = `default-branch:${toName(name).toLowerCase()}`
  // only a guess, so that two questions can be asked at once; the answer decides
  const guess = store.get(key)?.toString()
  const [repository, guessed] = await Promise.all([
    getReadable(client, name),
    guess === undefined ? undefined : findReference(client, { ...name, name: `heads/${guess}` }),
  ])
  const branch = repository.defaultBranch
  if (repository.isEmpty || branch === '') throw toEmpty(name)
  if (guess !== branch) store.put(key, Buffer.from(branch))
  const found = guess === branch ? guessed : await findReference(client, { ...name, name: `heads/${branch}` })
  if (found === undefined) throw new NotFound(`${toName(name)} has no branch "${branch}", its default branch.`)
  remember(store, repository, found.id)
  return new ProvenCommit(name, found.id, branch)
}

async function resolveId(
  client: GiteaClient,
  store: ObjectStore,
  name: RepositoryName,
  sha: string,
): Promise<ResolvedCommit> {
  const repository = await getReadable(client, name)
  if (store.get(toMemberKey(repository, sha)) === undefined) {
    const commit = await getCommit(client, { ...name, ref: sha }).catch(toMissing)
    // an annotated tag's id is answered with the commit it stands for
    if (commit === undefined) throw repository.isEmpty ? toEmpty(name) : toUnknown(name, sha)
    remember(store, repository, commit.sha)
    return new ProvenCommit(name, commit.sha, sha)
  }
  return new ProvenCommit(name, sha, sha)
}

/** @throws Forbidden: Gitea shows a repository also to people who may read only its issues */
async function getReadable(client: GiteaClient, name: RepositoryName): Promise<Repository> {
  const repository = await getRepository(client, name)
  if (repository.permissions.pull) return repository
  throw new Forbidden(`Gitea does not let this person read the code of ${toName(name)}.`, { rule: 'gitea.permission' })
}

async function findNamed(
  client: GiteaClient,
  store: ObjectStore,
  args: RepositoryName & { readonly ref: string },
): Promise<string | undefined> {
  for (const kind of ['heads', 'tags']) {
    const name = `${kind}/${args.ref}`
    // so many branches begin like this that the list of them is too long: then one by its full name
    const found = await findReference(client, { ...args, name }).catch((thrown: unknown) => {
      if (thrown instanceof AnswerTooLarge) return askByFullName(client, { ...args, ref: `refs/${name}` })
      throw thrown
    })
    if (found?.type === 'commit') return found.id
    if (found?.type === 'tag') return followTag(client, store, args, found)
  }
  return undefined
}

async function askByFullName(
  client: GiteaClient,
  args: RepositoryName & { readonly ref: string },
): Promise<Reference | undefined> {
  const commit = await getCommit(client, args).catch(toMissing)
  return commit && { type: 'commit', id: commit.sha }
}

/** @param tag as Gitea named it just now */
async function followTag(
  client: GiteaClient,
  store: ObjectStore,
  args: RepositoryName & { readonly ref: string },
  tag: Reference,
): Promise<string | undefined> {
  const key = `tag:${tag.id}`
  const known = store.get(key)?.toString()
  if (known !== undefined) return known
  const commit = await getCommit(client, { ...args, ref: tag.id }).catch(toMissing)
  if (commit) store.put(key, Buffer.from(commit.sha))
  return commit?.sha
}

function toMemberKey({ id }: Repository, sha: string): string {
  return `commit-of:${id}:${sha}`
}

function remember(store: ObjectStore, repository: Repository, sha: string): void {
  const key = toMemberKey(repository, sha)
  if (store.get(key) === undefined) store.put(key, Buffer.alloc(0))
}

async function explainRef(client: GiteaClient, name: RepositoryName, ref: string): Promise<NotFound> {
  const repository = await getReadable(client, name)
  return repository.isEmpty ? toEmpty(name) : toUnknown(name, ref)
}

function toEmpty(name: RepositoryName): EmptyRepository {
  return new EmptyRepository(`${toName(name)} is empty: it has no commits yet.`)
}

function toUnknown(name: RepositoryName, ref: string): NotFound {
  return new NotFound(`${toName(name)} has no branch, tag or commit "${ref}". list_branches shows its branches.`)
}

function toMissing(thrown: unknown): undefined {
  if (thrown instanceof NotFound || thrown instanceof InvalidInput) return undefined
  throw thrown
}
