import { expect, test } from 'vitest'
import { operations } from '../../src/gitea/operations.js'
import { SERVICE_OPERATIONS } from '../../src/identity/service-account.js'
import { catalog } from '../../src/tools/catalog.gen.js'

const all = Object.entries(operations)

/** Paths under which any write changes code, rights or settings, whatever the method (Gitea's swagger). */
const NEVER_WRITTEN = [
  '/merge',
  '/contents',
  '/contents-ext',
  '/file-contents',
  '/diffpatch',
  '/admin',
  '/hooks',
  '/keys',
  '/gpg_keys',
  '/collaborators',
  '/branch_protections',
  '/tag_protections',
  '/teams',
  '/transfer',
  '/mirror-sync',
  '/push_mirrors',
  '/secrets',
  '/variables',
  '/tokens',
  '/applications',
  '/runners',
  '/dispatches',
  '/update',
  '/emails',
  '/members',
]

/** Reads that would hand out secrets or rights. */
const NEVER_READ = ['/admin', '/tokens', '/secrets', '/hooks', '/keys', '/applications', '/runners', '/sudo']

/** A PUT sets the whole of something. The labels of an issue are the one whole that can be set. */
test.each(all)('%s neither deletes nor replaces', (name, operation) => {
  expect(['GET', 'POST', 'PATCH', ...(name === 'replaceIssueLabels' ? ['PUT'] : [])]).toContain(operation.method)
})

test.each(all)('%s only reads when it is called a read', (_name, operation) => {
  expect(operation.method === 'GET').toBe(operation.kind === 'read')
})

test.each(all.filter(([, { kind }]) => kind !== 'read'))(
  '%s does not touch code, rights or settings',
  (_name, { path }) => {
    expect(NEVER_WRITTEN.filter((part) => `${path}/`.includes(`${part}/`))).toEqual([])
    // changing a repository or an organisation itself is administration
    expect(path).not.toMatch(/^\/(repos\/\{owner\}\/\{repo\}|orgs\/\{org\}|user)$/)
  },
)

test.each(all)('%s reads no secrets', (_name, { path }) => {
  expect(NEVER_READ.filter((part) => path.includes(part))).toEqual([])
})

test('nothing is allowed that neither a tool nor a service token needs', () => {
  const needed = new Set<string>([...SERVICE_OPERATIONS, ...catalog.flatMap((tool) => tool.operations)])

  expect(all.map(([name]) => name).filter((name) => !needed.has(name))).toEqual([])
})

test('all that can be changed at Gitea is this', () => {
  expect(
    all.filter(([, { kind }]) => kind !== 'read').map(([name, { method, path }]) => `${name}: ${method} ${path}`),
  ).toMatchInlineSnapshot(`
    [
      "createStatus: POST /repos/{owner}/{repo}/statuses/{sha}",
      "createBranch: POST /repos/{owner}/{repo}/branches",
      "createRelease: POST /repos/{owner}/{repo}/releases",
      "updateRelease: PATCH /repos/{owner}/{repo}/releases/{id}",
      "createIssue: POST /repos/{owner}/{repo}/issues",
      "updateIssue: PATCH /repos/{owner}/{repo}/issues/{index}",
      "createIssueComment: POST /repos/{owner}/{repo}/issues/{index}/comments",
      "updateIssueComment: PATCH /repos/{owner}/{repo}/issues/comments/{id}",
      "addIssueLabels: POST /repos/{owner}/{repo}/issues/{index}/labels",
      "replaceIssueLabels: PUT /repos/{owner}/{repo}/issues/{index}/labels",
      "createLabel: POST /repos/{owner}/{repo}/labels",
      "updateLabel: PATCH /repos/{owner}/{repo}/labels/{id}",
      "createMilestone: POST /repos/{owner}/{repo}/milestones",
      "createPullRequest: POST /repos/{owner}/{repo}/pulls",
      "updatePullRequest: PATCH /repos/{owner}/{repo}/pulls/{index}",
      "createReview: POST /repos/{owner}/{repo}/pulls/{index}/reviews",
      "requestReviewers: POST /repos/{owner}/{repo}/pulls/{index}/requested_reviewers",
      "markNotificationRead: PATCH /notifications/threads/{id}",
    ]
  `)
})
