/** Puts labels, milestones, issues, comments and pull requests into the sandbox. */
import type { GiteaUnderTest, NewIssue, NewPullRequest } from '../gitea-under-test.js'
import { findObject, runGit } from './git.js'
import { notifyOf } from './notify.js'
import { requireAccount, requireRepository } from './populate.js'
import type { Instance, Issue, Label, Milestone, PullRequest, Repository } from './state.js'
import { insertEvent } from './timeline.js'

function findLabels(instance: Instance, repository: Repository, names: readonly string[]): Label[] {
  return names.map((name) => {
    for (const label of instance.state.labels.values())
      if (label.repositoryId === repository.id && label.name === name) return label
    throw new Error(`${repository.name} has no label ${name}`)
  })
}

function findMilestone(instance: Instance, repository: Repository, title: string): Milestone {
  for (const milestone of instance.state.milestones.values())
    if (milestone.repositoryId === repository.id && milestone.title === title) return milestone
  throw new Error(`${repository.name} has no milestone ${title}`)
}

type IssueContent = Omit<NewIssue, 'owner' | 'repo'>

function insertIssue(instance: Instance, repository: Repository, wanted: IssueContent, pull?: PullRequest): Issue {
  const { state, clock } = instance
  const now = clock.now()
  const issue: Issue = {
    id: state.nextId('issue'),
    repositoryId: repository.id,
    index: repository.nextIndex,
    posterId: requireAccount(instance, wanted.author).id,
    title: wanted.title,
    body: wanted.body ?? '',
    ref: '',
    isClosed: wanted.closed ?? false,
    isLocked: false,
    labels: findLabels(instance, repository, wanted.labels ?? []).map(({ id }) => id),
    assignees: (wanted.assignees ?? []).map((login) => requireAccount(instance, login).id),
    milestoneId: wanted.milestone === undefined ? undefined : findMilestone(instance, repository, wanted.milestone).id,
    createdAt: now,
    updatedAt: now,
    closedAt: wanted.closed ? now : undefined,
    dueAt: undefined,
    pull,
  }
  repository.nextIndex += 1
  state.issues.set(issue.id, issue)
  notifyOf(instance, issue, issue.posterId, issue.assignees)
  return issue
}

export function insertComment(instance: Instance, issue: Issue, posterId: number, body: string): number {
  const id = instance.state.nextId('comment')
  const now = instance.clock.now()
  instance.state.comments.set(id, { id, issueId: issue.id, posterId, body, createdAt: now, updatedAt: now })
  issue.updatedAt = now
  notifyOf(instance, issue, posterId)
  return id
}

async function insertPull(instance: Instance, wanted: NewPullRequest): Promise<number> {
  const { state, clock } = instance
  const repository = requireRepository(instance, wanted.owner, wanted.repo)
  const base = wanted.base ?? repository.defaultBranch
  const directory = repository.gitDirectory
  const head = await findObject(directory, `refs/heads/${wanted.head}`)
  if (!head) throw new Error(`no branch ${wanted.head}`)
  const mergeBase = (await runGit(directory, ['merge-base', `refs/heads/${base}`, head])).toString('utf8').trim()
  const reviewers = (wanted.reviewers ?? []).map((login) => requireAccount(instance, login).id)
  const pull: PullRequest = {
    id: state.nextId('pull'),
    baseBranch: base,
    headBranch: wanted.head,
    headRepositoryId: repository.id,
    mergeBase,
    mergedAt: undefined,
    mergedBy: undefined,
    mergeCommit: undefined,
    reviewers,
  }
  const { reviewers: _, head: __, base: ___, ...content } = wanted
  const issue = insertIssue(instance, repository, content, pull)
  await runGit(directory, ['update-ref', `refs/pull/${issue.index}/head`, head])
  for (const reviewerId of reviewers) {
    insertEvent(instance, issue, issue.posterId, { type: 'review_request', assigneeId: reviewerId })
    const id = state.nextId('review')
    const createdAt = clock.now()
    state.reviews.set(id, {
      id,
      issueId: issue.id,
      reviewerId,
      state: 'REQUEST_REVIEW',
      body: '',
      commitId: '',
      comments: [],
      createdAt,
    })
  }
  return issue.index
}

type IssuePopulation = Pick<GiteaUnderTest, 'addLabel' | 'addMilestone' | 'addIssue' | 'addComment' | 'addPullRequest'>

export function createIssuePopulation(instance: Instance): IssuePopulation {
  const { state, clock } = instance
  return {
    async addLabel({ owner, repo, name, color, description }) {
      const id = state.nextId('label')
      state.labels.set(id, {
        id,
        repositoryId: repo === undefined ? undefined : requireRepository(instance, owner, repo).id,
        organizationId: repo === undefined ? requireAccount(instance, owner).id : undefined,
        name,
        color,
        description: description ?? '',
        isExclusive: false,
        isArchived: false,
      })
    },
    async addMilestone({ owner, repo, title, description, dueOn, closed }) {
      const id = state.nextId('milestone')
      state.milestones.set(id, {
        id,
        repositoryId: requireRepository(instance, owner, repo).id,
        title,
        description: description ?? '',
        isClosed: closed ?? false,
        createdAt: clock.now(),
        updatedAt: clock.now(),
        closedAt: closed ? clock.now() : undefined,
        dueAt: dueOn === undefined ? undefined : Date.parse(`${dueOn}T23:59:59Z`),
      })
    },
    async addIssue({ owner, repo, ...content }) {
      return insertIssue(instance, requireRepository(instance, owner, repo), content).index
    },
    async addComment({ owner, repo, index, author, body }) {
      const repository = requireRepository(instance, owner, repo)
      for (const issue of state.issues.values()) {
        if (issue.repositoryId !== repository.id || issue.index !== index) continue
        insertComment(instance, issue, requireAccount(instance, author).id, body)
        return
      }
      throw new Error(`${owner}/${repo} has no issue ${index}`)
    },
    addPullRequest: (pull) => insertPull(instance, pull),
  }
}
