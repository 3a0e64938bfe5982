/**
 * The allow-list: every request this product can send to Gitea's REST API (promise P1). Nothing here merges, deletes,
 * force-pushes, writes files or administers, and the client sends nothing that is not here.
 */
interface Operation {
  readonly method: 'GET' | 'POST' | 'PATCH'
  /** Below `/api/v1`. `{x}` is one path segment, `{*x}` a path of several. */
  readonly path: `/${string}`
  readonly kind: 'read' | 'create' | 'update'
  readonly answer: 'json' | 'text'
}

const REPO = '/repos/{owner}/{repo}'

function read<const Path extends `/${string}`>(path: Path) {
  return { method: 'GET', path, kind: 'read', answer: 'json' } as const
}

function readText<const Path extends `/${string}`>(path: Path) {
  return { method: 'GET', path, kind: 'read', answer: 'text' } as const
}

function create<const Path extends `/${string}`>(path: Path) {
  return { method: 'POST', path, kind: 'create', answer: 'json' } as const
}

export const operations = {
  getCurrentUser: read('/user'),
  listMyRepositories: read('/user/repos'),
  searchRepositories: read('/repos/search'),
  getRepository: read(REPO),
  listAssignees: read(`${REPO}/assignees`),
  listBranches: read(`${REPO}/branches`),
  getTree: read(`${REPO}/git/trees/{treeish}`),
  getContents: read(`${REPO}/contents-ext/{*filepath}`),
  listCommits: read(`${REPO}/commits`),
  getCommit: read(`${REPO}/git/commits/{sha}`),
  getCommitDiff: readText(`${REPO}/git/commits/{sha}.diff`),
  listIssues: read(`${REPO}/issues`),
  getIssue: read(`${REPO}/issues/{index}`),
  listIssueComments: read(`${REPO}/issues/{index}/comments`),
  createIssue: create(`${REPO}/issues`),
  listLabels: read(`${REPO}/labels`),
  listOrgLabels: read('/orgs/{org}/labels'),
  listMilestones: read(`${REPO}/milestones`),
  listPullRequests: read(`${REPO}/pulls`),
  getPullRequest: read(`${REPO}/pulls/{index}`),
  getPullRequestDiff: readText(`${REPO}/pulls/{index}.diff`),
} as const satisfies Record<string, Operation>

export type OperationName = keyof typeof operations
