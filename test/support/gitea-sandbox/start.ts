/**
 * A Gitea to test against: real HTTP, real git repositories, Gitea's OAuth provider and REST API with their quirks.
 * It is never kinder than Gitea: what it does not have answers 404, what Gitea gets wrong it gets wrong too.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../../src/lib/clock.js'
import type { GiteaUnderTest } from '../gitea-under-test.js'
import { seedGitea } from '../seed-gitea.js'
import { addActionRoutes } from './api/actions.js'
import { addApplicationRoutes } from './api/applications.js'
import { addArchiveRoutes } from './api/archive.js'
import { addAssigneeRoutes } from './api/assignees.js'
import { addBranchProtectionRoutes } from './api/branch-protections.js'
import { addBranchWriteRoutes } from './api/branch-writes.js'
import { addBranchRoutes } from './api/branches.js'
import { addCommitRoutes } from './api/commits.js'
import { addContentRoutes } from './api/contents.js'
import { addForkRoutes } from './api/forks.js'
import { addGitDataRoutes } from './api/git-data.js'
import { addHookRoutes } from './api/hooks.js'
import { addIssueWriteRoutes } from './api/issue-writes.js'
import { addIssueRoutes } from './api/issues.js'
import { addLabelWriteRoutes } from './api/label-writes.js'
import { addLabelRoutes } from './api/labels.js'
import { addNotificationRoutes } from './api/notifications.js'
import { addOrganizationRoutes } from './api/organizations.js'
import { addPullMergeRoute } from './api/pull-merge.js'
import { addPullWriteRoutes } from './api/pull-writes.js'
import { addPullRoutes } from './api/pulls.js'
import { addReleaseWriteRoutes } from './api/release-writes.js'
import { addReleaseRoutes } from './api/releases.js'
import { addRepositoryRoutes } from './api/repositories.js'
import { addRepositoryWriteRoutes } from './api/repository-writes.js'
import { addReviewRoutes } from './api/reviews.js'
import { addTagWriteRoutes } from './api/tag-writes.js'
import { addUserRoutes } from './api/users.js'
import { addWikiRoutes } from './api/wiki.js'
import { createApi } from './api.js'
import { createFaults, type FaultRule } from './faults.js'
import { createSessions } from './oauth/sessions.js'
import { createPopulation } from './populate.js'
import { createActionPopulation } from './populate-actions.js'
import { createIssuePopulation } from './populate-issues.js'
import { createGiteaServer, type RequestRecord } from './server.js'
import { createState, type Instance } from './state.js'
import { createHookSender, type SentDelivery } from './webhooks/sender.js'
import { createHookWatch } from './webhooks/watch.js'

export interface GiteaSandboxOptions {
  /** A free one unless given. */
  readonly port?: number
  readonly clock?: Clock
  /** Start with the believable people and repositories of seed-gitea.ts. */
  readonly seed?: boolean
  /** `[oauth2] ACCESS_TOKEN_EXPIRATION_TIME`; 3600 unless given. */
  readonly tokenLifetimeSeconds?: number
  /** `[oauth2] INVALIDATE_REFRESH_TOKENS`. */
  readonly invalidateRefreshTokens?: boolean
  readonly version?: string
  /** `[webhook] ALLOWED_HOST_LIST = loopback`; without it `external`, under which nothing is delivered on this computer. */
  readonly allowsLoopbackHooks?: boolean
}

export interface GiteaSandbox extends GiteaUnderTest {
  /** What Gitea saw, oldest first; the last 2,000. */
  readonly requests: readonly RequestRecord[]
  /** Makes the next matching requests go wrong; null ends it. */
  fault(rule: FaultRule | null): void
  /** What its webhooks were sent, oldest first. */
  readonly deliveries: readonly SentDelivery[]
  /** Resolves when every delivery was tried. */
  deliveriesSent(): Promise<void>
}

/** Starts a sandbox on 127.0.0.1. The caller closes it. */
export async function startGiteaSandbox(options: GiteaSandboxOptions = {}): Promise<GiteaSandbox> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'gitea-sandbox-'))
  const api = createApi()
  addRepositoryRoutes(api)
  addRepositoryWriteRoutes(api)
  addUserRoutes(api)
  addApplicationRoutes(api)
  addContentRoutes(api)
  addGitDataRoutes(api)
  addArchiveRoutes(api)
  addCommitRoutes(api)
  addAssigneeRoutes(api)
  addBranchRoutes(api)
  addBranchProtectionRoutes(api)
  addBranchWriteRoutes(api)
  addTagWriteRoutes(api)
  addReleaseRoutes(api)
  addReleaseWriteRoutes(api)
  addIssueRoutes(api)
  addIssueWriteRoutes(api)
  addLabelRoutes(api)
  addLabelWriteRoutes(api)
  addPullRoutes(api)
  addPullMergeRoute(api)
  addPullWriteRoutes(api)
  addForkRoutes(api)
  addReviewRoutes(api)
  addOrganizationRoutes(api)
  addNotificationRoutes(api)
  addWikiRoutes(api)
  addActionRoutes(api)
  const requests: RequestRecord[] = []
  const faults = createFaults()
  const sessions = createSessions()
  const state = createState()
  let url = ''
  const instance: Instance = {
    state,
    clock: options.clock ?? systemClock,
    version: options.version ?? '1.25.3',
    get url() {
      return url
    },
    tokenLifetimeSeconds: options.tokenLifetimeSeconds ?? 3600,
    invalidatesRefreshTokens: options.invalidateRefreshTokens ?? false,
    dataDirectory,
  }
  const deliveries: SentDelivery[] = []
  const sender = createHookSender(options.allowsLoopbackHooks ?? false, deliveries)
  const hooks = createHookWatch(instance, sender)
  addHookRoutes(api, sender, hooks)
  const server = createGiteaServer({ instance, api, sessions, faults, requests, hooks })
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(options.port ?? 0, '127.0.0.1', resolve)
  await listening
  const { port } = server.address() as AddressInfo // an IP server, so never a pipe's string
  url = `http://127.0.0.1:${port}`

  const population = createPopulation(instance)
  const issues = createIssuePopulation(instance)
  /** What a hand changes is told by webhooks too, as the doing of who is named. */
  const told =
    <Wanted, Result>(work: (wanted: Wanted) => Promise<Result>, doer: (wanted: Wanted) => string) =>
    async (wanted: Wanted): Promise<Result> => {
      const result = await work(wanted)
      await hooks.settle(doer(wanted))
      return result
    }
  const sandbox: GiteaSandbox = {
    url,
    requests,
    deliveries,
    deliveriesSent: () => sender.idle(),
    fault: (rule) => faults.set(rule),
    ...population,
    addRepository: told(population.addRepository, ({ owner }) => owner),
    async commit(owner, name, commit) {
      const head = await population.commit(owner, name, commit)
      await hooks.settle(commit.author ?? owner)
      return head
    },
    ...createActionPopulation(instance, population.commit),
    ...issues,
    addIssue: told(issues.addIssue, ({ author }) => author),
    addComment: told(issues.addComment, ({ author }) => author),
    addPullRequest: told(issues.addPullRequest, ({ author }) => author),
    async close() {
      const { promise: closed, resolve: done } = Promise.withResolvers<void>()
      server.close(() => done())
      server.closeAllConnections()
      await closed
      await rm(dataDirectory, { recursive: true, force: true })
    },
  }
  if (options.seed) await seedGitea(sandbox)
  return sandbox
}
