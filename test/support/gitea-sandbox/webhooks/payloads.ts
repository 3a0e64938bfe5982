/** What a webhook says, field for field as Gitea sends it (modules/structs/hook.go). */
import { presentRelease } from '../api/releases.js'
import { type Commit, findCommit, listChanges, listCommits } from '../history.js'
import { getAccount, getRepository } from '../lookup.js'
import { presentPayloadCommit } from '../present/commit.js'
import { presentComment, presentIssue } from '../present/issue.js'
import { presentPull } from '../present/pull.js'
import { htmlUrl, presentRepository } from '../present/repository.js'
import { presentUser } from '../present/user.js'
import type { Account, Instance, Issue, Repository } from '../state.js'
import type { Change } from './snapshot.js'

/** One event, ready to be sent by whatever webhook wants it. */
export interface HookEvent {
  /** `X-Gitea-Event-Type`. */
  readonly type: string
  readonly repository: Repository
  /** Of events about one, for the branch filter. */
  readonly branch?: string
  readonly payload: Readonly<Record<string, unknown>>
}

const NO_COMMIT = '0'.repeat(40)
/** `[ui] FEED_MAX_COMMIT_NUM`. */
const MOST_COMMITS = 5

const TYPES_OF_PULL = {
  issues: 'pull_request',
  issue_assign: 'pull_request_assign',
  issue_label: 'pull_request_label',
  issue_milestone: 'pull_request_milestone',
} as const

/** The events of one change; a new branch is two of them. */
export async function toEvents(instance: Instance, change: Change, doer: Account): Promise<readonly HookEvent[]> {
  const { state } = instance
  const sender = presentUser(instance, doer, undefined)
  const shown = (repository: Repository) => presentRepository(instance, repository, doer)
  switch (change.kind) {
    case 'repository': {
      const { repository, action } = change
      const organization = presentUser(instance, getAccount(state, repository.ownerId), undefined)
      return [
        {
          type: 'repository',
          repository,
          payload: { action, repository: await shown(repository), organization, sender },
        },
      ]
    }
    case 'ref':
      return toRefEvents(instance, change, doer)
    case 'issue': {
      const { event, action, issue, from } = change
      const repository = getRepository(state, issue.repositoryId)
      const changes = from === undefined ? {} : { changes: toChanges(from) }
      const head = { action, number: issue.index, ...changes }
      const tail = { repository: await shown(repository), sender, commit_id: '' }
      if (issue.pull === undefined) {
        const payload = { ...head, issue: presentIssue(instance, issue, undefined), ...tail }
        return [{ type: event, repository, payload }]
      }
      const pull_request = await presentPull(instance, { issue, pull: issue.pull }, undefined, false)
      const payload = { ...head, pull_request, requested_reviewer: null, ...tail, review: null }
      return [{ type: TYPES_OF_PULL[event], repository, payload }]
    }
    case 'sync': {
      const { issue } = change
      const repository = getRepository(state, issue.repositoryId)
      const payload = {
        action: 'synchronized',
        number: issue.index,
        pull_request: await findPull(instance, issue),
        requested_reviewer: null,
        repository: await shown(repository),
        sender,
        commit_id: '',
        review: null,
      }
      return [{ type: 'pull_request_sync', repository, payload }]
    }
    case 'comment': {
      const { issue, comment, action } = change
      const repository = getRepository(state, issue.repositoryId)
      const isPull = issue.pull !== undefined
      const payload = {
        action,
        issue: presentIssue(instance, issue, undefined),
        ...(isPull ? { pull_request: await findPull(instance, issue) } : {}),
        comment: presentComment(instance, issue, comment),
        ...(action === 'edited' ? { changes: { body: { from: '' } } } : {}),
        repository: await shown(repository),
        sender,
        is_pull: isPull,
      }
      return [{ type: isPull ? 'pull_request_comment' : 'issue_comment', repository, payload }]
    }
    case 'release': {
      const { release, action } = change
      const repository = getRepository(state, release.repositoryId)
      const payload = {
        action,
        release: presentRelease({ instance, repository }, release),
        repository: await shown(repository),
        sender,
      }
      return [{ type: 'release', repository, payload }]
    }
  }
}

function toChanges(from: { readonly title?: string; readonly body?: string }) {
  const entries = Object.entries(from).map(([name, value]) => [name, { from: value }])
  return { ...Object.fromEntries(entries), added_labels: null, removed_labels: null }
}

function findPull(instance: Instance, issue: Issue): Promise<Record<string, unknown>> | undefined {
  return issue.pull && presentPull(instance, { issue, pull: issue.pull }, undefined, false)
}

async function toRefEvents(
  instance: Instance,
  { repository, ref, before, after }: Change & { readonly kind: 'ref' },
  doer: Account,
): Promise<readonly HookEvent[]> {
  const isBranch = ref.startsWith('refs/heads/')
  const name = ref.replace(/^refs\/(?:heads|tags)\//, '')
  const refType = isBranch ? 'branch' : 'tag'
  const shown = await presentRepository(instance, repository, doer)
  const sender = presentUser(instance, doer, undefined)
  const place = { repository, ...(isBranch ? { branch: name } : {}) }
  if (after === undefined) {
    const gone = { ref: name, ref_type: refType, pusher_type: 'user', repository: shown, sender }
    const payload = await toPush(instance, repository, { ref, before: before ?? NO_COMMIT, after: NO_COMMIT }, doer)
    // of a branch only its deletion is told, of a tag the push too
    return [...(isBranch ? [] : [{ type: 'push', ...place, payload }]), { type: 'delete', ...place, payload: gone }]
  }
  const payload = await toPush(instance, repository, { ref, before: before ?? NO_COMMIT, after }, doer)
  const made = { sha: after, ref: name, ref_type: refType, repository: shown, sender }
  return [
    { type: 'push', ...place, payload },
    ...(before === undefined ? [{ type: 'create', ...place, payload: made }] : []),
  ]
}

/** Also what a test sends: a push from a commit to itself. */
export async function toPush(
  instance: Instance,
  repository: Repository,
  { ref, before, after }: { readonly ref: string; readonly before: string; readonly after: string },
  doer: Account,
): Promise<Record<string, unknown>> {
  const directory = repository.gitDirectory
  const isDeleted = after === NO_COMMIT
  const head = isDeleted ? undefined : await findCommit(directory, `${after}^{commit}`)
  const pushed =
    before === after || before === NO_COMMIT || isDeleted
      ? []
      : ((await listCommits(directory, [`${before}..${after}`])) ?? [])
  const commits = before === after && head ? [head] : pushed
  const pusher = presentUser(instance, doer, undefined)
  const compare = `${htmlUrl(instance, repository)}/compare/${before}...${after}`
  return {
    ref,
    before,
    after,
    compare_url: before === NO_COMMIT || isDeleted ? `${instance.url}/` : compare,
    commits: await Promise.all(commits.slice(0, MOST_COMMITS).map((commit) => toCommit(instance, repository, commit))),
    total_commits: commits.length,
    head_commit: head === undefined ? null : await toCommit(instance, repository, head),
    repository: await presentRepository(instance, repository, doer),
    pusher,
    sender: pusher,
  }
}

async function toCommit(instance: Instance, repository: Repository, commit: Commit): Promise<Record<string, unknown>> {
  const changes = await listChanges(repository.gitDirectory, undefined, commit.id, false)
  const pathsOf = (...statuses: string[]) =>
    changes.filter(({ status }) => statuses.includes(status)).map(({ path }) => path)
  return {
    ...presentPayloadCommit(instance, repository, commit),
    verification: null,
    added: pathsOf('A'),
    removed: pathsOf('D'),
    modified: pathsOf('M', 'T'),
  }
}
