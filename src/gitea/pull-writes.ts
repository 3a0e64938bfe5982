import { z } from 'zod'
import { Conflict, detailOf, InvalidInput, NotFound, UpstreamFailed } from '../lib/errors.js'
import { parseAnswer } from './answer.js'
import type { GiteaClient } from './client.js'
import { getBranch } from './git.js'
import type { IssueRequest } from './issues.js'
import { Pull } from './pulls.js'
import { type RepositoryName, toName, toPage } from './repos.js'

/* Opening pull requests and changing what they say and where they go. */

/** The branch that a pull request takes its commits from. */
export interface PullHead {
  /** The repository itself, or a fork of it. */
  readonly repository: RepositoryName
  readonly branch: string
}

export interface NewPull {
  readonly title: string
  readonly body: string
  readonly base: string
  readonly head: PullHead
}

/**
 * Opens a pull request; call `requireNewCommits` first. Needs `listPullRequests` too.
 *
 * @throws Conflict naming the pull request that is open between the two branches already
 */
export async function createPull(client: GiteaClient, name: RepositoryName, pull: NewPull): Promise<Pull> {
  const { owner, repo } = name
  const { title, body, base, head } = pull
  const isFork = !isSame(head.repository, name)
  // Gitea's 409 is about exactly one thing here, and the number is worth a look
  try {
    const answer = await client.request('createPullRequest', {
      path: { owner, repo },
      body: { title, body, base, head: isFork ? `${head.repository.owner}:${head.branch}` : head.branch },
      subject: `repository ${toName(name)} with pull requests`,
    })
    return parseAnswer(Pull, answer)
  } catch (thrown) {
    if (!(thrown instanceof Conflict)) throw thrown
    const open = await findOpenPull(client, name, base, toHeadName(name, head))
    const which = open === undefined ? 'A pull request' : `Pull request #${open.number}`
    throw new Conflict(
      `${which} is open from ${toHeadName(name, head)} into ${base} already; new commits on the branch join it.`,
      detailOf(thrown),
    )
  }
}

function isSame(a: RepositoryName, b: RepositoryName): boolean {
  return toName(a).toLowerCase() === toName(b).toLowerCase()
}

/** As `Pull.head` has it. */
function toHeadName(name: RepositoryName, head: PullHead): string {
  return isSame(head.repository, name) ? head.branch : `${toName(head.repository)}:${head.branch}`
}

/**
 * Checks that there is something to ask for: Gitea accepts a pull request without commits, which nobody can merge and
 * nothing here can remove. Needs `listCommits` and `getBranch`.
 *
 * @throws NotFound when a branch is not there, InvalidInput when the head has no commit that the base lacks
 */
export async function requireNewCommits(
  client: GiteaClient,
  name: RepositoryName,
  { base, head }: Pick<NewPull, 'base' | 'head'>,
): Promise<void> {
  if (await hasNewCommits(client, name, base, head)) return
  throw new InvalidInput(
    `${toHeadName(name, head)} has no commits that ${base} lacks: there is nothing to ask for. Push commits first, or look whether base and head are the wrong way round.`,
  )
}

async function hasNewCommits(
  client: GiteaClient,
  name: RepositoryName,
  base: string,
  head: PullHead,
): Promise<boolean> {
  if (!isSame(head.repository, name)) return hasNewCommitsInFork(client, name, base, head)
  // a missing branch is a 404 or a 500 here, without saying which
  try {
    return await hasCommitsBeyond(client, name, base, head.branch)
  } catch (thrown) {
    if (thrown instanceof NotFound || thrown instanceof UpstreamFailed) {
      await getBranch(client, { ...name, branch: base })
      await getBranch(client, { ...name, branch: head.branch })
    }
    throw thrown
  }
}

async function hasNewCommitsInFork(
  client: GiteaClient,
  name: RepositoryName,
  base: string,
  head: PullHead,
): Promise<boolean> {
  const [from] = await Promise.all([
    getBranch(client, { ...head.repository, branch: head.branch }),
    getBranch(client, { ...name, branch: base }),
  ])
  // Gitea's own comparison with a fork fails while the repository lacks the fork's commits; lacking them is the answer
  try {
    return await hasCommitsBeyond(client, name, base, from.sha)
  } catch (thrown) {
    if (thrown instanceof NotFound) return true
    throw thrown
  }
}

const HEADER_ONLY = { stat: false, verification: false, files: false }

/** @param head branch or commit of the same repository */
async function hasCommitsBeyond(
  client: GiteaClient,
  name: RepositoryName,
  base: string,
  head: string,
): Promise<boolean> {
  const { owner, repo } = name
  const answer = await client.request('listCommits', {
    path: { owner, repo },
    query: { sha: head, not: base, page: 1, limit: 1, ...HEADER_ONLY },
    subject: `"${head}" in ${toName(name)}`,
  })
  return toPage(z.object({ sha: z.string() }), answer).items.length > 0
}

const MOST_PAGES = 4

async function findOpenPull(
  client: GiteaClient,
  name: RepositoryName,
  base: string,
  head: string,
): Promise<Pull | undefined> {
  const { owner, repo } = name
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const answer = await client.request('listPullRequests', {
      path: { owner, repo },
      query: { state: 'open', base_branch: base, page, limit: 50 },
      subject: `repository ${toName(name)} with pull requests`,
    })
    const { items } = toPage(Pull, answer)
    const found = items.find((pull) => pull.head === head && pull.base === base)
    if (found !== undefined || items.length === 0) return found
  }
  return undefined
}

export interface PullChange {
  readonly title?: string | undefined
  readonly body?: string | undefined
  readonly state?: 'open' | 'closed' | undefined
  readonly base?: string | undefined
}

/**
 * What is undefined stays. Look at the new base first: Gitea takes the head itself for one.
 *
 * @throws Conflict when state or base cannot change; nothing that comes after has changed then
 */
export async function updatePull(client: GiteaClient, args: IssueRequest, change: PullChange): Promise<Pull> {
  const { state, base, title, body } = change
  // Gitea writes the text before it refuses a state or base: each asked alone, text last, leaves nothing half done
  const steps: readonly PullChange[] = [{ state }, { base }, { title, body }].filter((step) =>
    Object.values(step).some((value) => value !== undefined),
  )
  let pull: Pull | undefined
  for (const step of steps) pull = await patch(client, args, step)
  return pull ?? patch(client, args, {})
}

async function patch(client: GiteaClient, args: IssueRequest, change: PullChange): Promise<Pull> {
  const { owner, repo, index } = args
  // 412 and 409 have one reason each here, in texts that are not ours to show
  try {
    const answer = await client.request('updatePullRequest', {
      path: { owner, repo, index },
      body: change,
      subject: `pull request #${index} in ${toName(args)}`,
    })
    return parseAnswer(Pull, answer)
  } catch (thrown) {
    if (change.state !== undefined && thrown instanceof InvalidInput) {
      throw new Conflict(`#${index} depends on issues that are still open: close those first.`, detailOf(thrown))
    }
    if (change.base !== undefined && thrown instanceof Conflict) {
      throw new Conflict(`Another pull request from there into ${change.base} is open already.`, detailOf(thrown))
    }
    throw thrown
  }
}
