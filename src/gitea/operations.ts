/**
 * The allow-list: every request this product can send to Gitea's REST API (promise P1). Nothing here merges, deletes,
 * force-pushes, writes files or administers, and the client sends nothing that is not here.
 */
interface Operation {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT'
  /** Below `/api/v1`. `{x}` is one path segment, `{*x}` a path of several. */
  readonly path: `/${string}`
  readonly kind: 'read' | 'create' | 'update'
  readonly answer: 'json' | 'text' | 'bytes'
  /** The token scopes that Gitea asks for on this route, all of them; writes need the write level (routers/api/v1/api.go). */
  readonly scopes: readonly Category[]
}

export type Category = 'repository' | 'issue' | 'user' | 'organization' | 'notification'

const REPO = '/repos/{owner}/{repo}'

function orRepository(scopes: readonly Category[]): readonly Category[] {
  return scopes.length === 0 ? ['repository'] : scopes
}

function read<const Path extends `/${string}`>(path: Path, ...scopes: Category[]) {
  return { method: 'GET', path, kind: 'read', answer: 'json', scopes: orRepository(scopes) } as const
}

function readAs<const Path extends `/${string}`, const Answer extends 'text' | 'bytes'>(answer: Answer, path: Path) {
  return { method: 'GET', path, kind: 'read', answer, scopes: orRepository([]) } as const
}

function create<const Path extends `/${string}`>(path: Path, ...scopes: Category[]) {
  return { method: 'POST', path, kind: 'create', answer: 'json', scopes: orRepository(scopes) } as const
}

function update<const Path extends `/${string}`>(path: Path, ...scopes: Category[]) {
  return { method: 'PATCH', path, kind: 'update', answer: 'json', scopes: orRepository(scopes) } as const
}

export const operations = {
  getCurrentUser: read('/user', 'user'),
  getUser: read('/users/{username}', 'user'),
  listMyOrganizations: read('/user/orgs', 'user', 'organization'),

  listMyRepositories: read('/user/repos', 'user', 'repository'),
  listOrgRepositories: read('/orgs/{org}/repos', 'organization'),
  searchRepositories: read('/repos/search'),
  getRepository: read(REPO),
  getLanguages: read(`${REPO}/languages`),
  listTopics: read(`${REPO}/topics`),
  listAssignees: read(`${REPO}/assignees`),
  listCollaborators: read(`${REPO}/collaborators`),
  // asked by no tool: how a service token finds out what a person may do
  getRepositoryPermission: read(`${REPO}/collaborators/{username}/permission`),
  listRepositoryTeams: read(`${REPO}/teams`),
  getTeamMember: read('/teams/{id}/members/{username}', 'organization'),

  getRefs: read(`${REPO}/git/refs/{*ref}`),
  getTree: read(`${REPO}/git/trees/{treeish}`),
  getBlob: read(`${REPO}/git/blobs/{sha}`),
  getContents: read(`${REPO}/contents-ext/{*filepath}`),
  getArchive: readAs('bytes', `${REPO}/archive/{archive}`),
  listBranches: read(`${REPO}/branches`),
  getBranch: read(`${REPO}/branches/{*branch}`),
  listTags: read(`${REPO}/tags`),
  listCommits: read(`${REPO}/commits`),
  getCommit: read(`${REPO}/git/commits/{sha}`),
  getCommitDiff: readAs('text', `${REPO}/git/commits/{sha}.diff`),
  compareRefs: read(`${REPO}/compare/{*basehead}`),
  getCombinedStatus: read(`${REPO}/commits/{ref}/status`),
  /** By full commit id alone; a seventh of what the combined status costs Gitea. */
  listStatuses: read(`${REPO}/statuses/{sha}`),
  createStatus: create(`${REPO}/statuses/{sha}`),
  createBranch: create(`${REPO}/branches`),

  listReleases: read(`${REPO}/releases`),
  getRelease: read(`${REPO}/releases/{id}`),
  getLatestRelease: read(`${REPO}/releases/latest`),
  createRelease: create(`${REPO}/releases`),
  updateRelease: update(`${REPO}/releases/{id}`),

  listIssues: read(`${REPO}/issues`, 'issue'),
  searchIssues: read('/repos/issues/search', 'issue'),
  getIssue: read(`${REPO}/issues/{index}`, 'issue'),
  listIssueComments: read(`${REPO}/issues/{index}/comments`, 'issue'),
  getIssueComment: read(`${REPO}/issues/comments/{id}`, 'issue'),
  listIssueTimeline: read(`${REPO}/issues/{index}/timeline`, 'issue'),
  listIssueDependencies: read(`${REPO}/issues/{index}/dependencies`, 'issue'),
  listIssueBlocks: read(`${REPO}/issues/{index}/blocks`, 'issue'),
  createIssue: create(`${REPO}/issues`, 'issue'),
  updateIssue: update(`${REPO}/issues/{index}`, 'issue'),
  createIssueComment: create(`${REPO}/issues/{index}/comments`, 'issue'),
  updateIssueComment: update(`${REPO}/issues/comments/{id}`, 'issue'),
  addIssueLabels: { ...create(`${REPO}/issues/{index}/labels`, 'issue'), kind: 'update' },
  /** Takes labels off by naming the ones that stay; Gitea's own way is a DELETE, which this product cannot send. */
  replaceIssueLabels: { ...update(`${REPO}/issues/{index}/labels`, 'issue'), method: 'PUT' },

  listLabels: read(`${REPO}/labels`, 'issue'),
  listOrgLabels: read('/orgs/{org}/labels', 'organization'),
  createLabel: create(`${REPO}/labels`, 'issue'),
  updateLabel: update(`${REPO}/labels/{id}`, 'issue'),
  listMilestones: read(`${REPO}/milestones`, 'issue'),
  createMilestone: create(`${REPO}/milestones`, 'issue'),

  listPullRequests: read(`${REPO}/pulls`),
  getPullRequest: read(`${REPO}/pulls/{index}`),
  getPullRequestDiff: readAs('text', `${REPO}/pulls/{index}.diff`),
  listPullRequestCommits: read(`${REPO}/pulls/{index}/commits`),
  listReviews: read(`${REPO}/pulls/{index}/reviews`),
  listReviewComments: read(`${REPO}/pulls/{index}/reviews/{id}/comments`),
  createPullRequest: create(`${REPO}/pulls`),
  updatePullRequest: update(`${REPO}/pulls/{index}`),
  createReview: create(`${REPO}/pulls/{index}/reviews`),
  requestReviewers: { ...create(`${REPO}/pulls/{index}/requested_reviewers`), kind: 'update' },

  listActionRuns: read(`${REPO}/actions/runs`),
  listActionTasks: read(`${REPO}/actions/tasks`),
  getActionRun: read(`${REPO}/actions/runs/{run}`),
  listActionJobs: read(`${REPO}/actions/runs/{run}/jobs`),
  getActionJob: read(`${REPO}/actions/jobs/{job}`),
  getActionJobLog: readAs('bytes', `${REPO}/actions/jobs/{job}/logs`),

  listWikiPages: read(`${REPO}/wiki/pages`),
  getWikiPage: read(`${REPO}/wiki/page/{name}`),

  listNotifications: read('/notifications', 'notification'),
  getNotification: read('/notifications/threads/{id}', 'notification'),
  markNotificationRead: update('/notifications/threads/{id}', 'notification'),
} as const satisfies Record<string, Operation>

export type OperationName = keyof typeof operations
