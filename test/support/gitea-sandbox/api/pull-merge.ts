/** Merging, which people do in the story; the product has no way to ask for it. */
import { type Api, needsPulls, needsReader, needsToken, needsUnarchived } from '../api.js'
import { findText, readFields } from '../body.js'
import { type RepositoryRequest, refuseWith, requireDoer } from '../exchange.js'
import { runGit, tryGit } from '../git.js'
import { empty, type Reply } from '../reply.js'
import { insertEvent } from '../timeline.js'
import { requirePull } from './pulls.js'

async function mergePull(request: RepositoryRequest): Promise<Reply> {
  const { instance, permission, repository } = request
  const doer = requireDoer(request)
  const { issue, pull } = requirePull(request)
  if (findText(request, readFields(request), 'do') !== 'merge') refuseWith(request, 422, '[Do]: Required')
  if (!permission.canWrite('repo.code')) refuseWith(request, 405, 'User not allowed to merge PR')
  if (pull.mergedAt !== undefined) refuseWith(request, 405, '')
  if (issue.isClosed) refuseWith(request, 404, '')
  const directory = repository.gitDirectory
  const base = `refs/heads/${pull.baseBranch}`
  const head = `refs/pull/${issue.index}/head`
  const tree = await tryGit(directory, ['merge-tree', '--write-tree', base, head])
  if (tree.code !== 0) refuseWith(request, 409, 'Please try again later')
  const message = `Merge pull request '${issue.title}' (#${issue.index}) from ${pull.headBranch} into ${pull.baseBranch}`
  const made = await runGit(directory, [
    'commit-tree',
    tree.stdout.toString('utf8').trim(),
    '-p',
    base,
    '-p',
    head,
    '-m',
    message,
  ])
  pull.mergeCommit = made.toString('utf8').trim()
  await runGit(directory, ['update-ref', base, pull.mergeCommit])
  const now = instance.clock.now()
  Object.assign(pull, { mergedAt: now, mergedBy: doer.id })
  Object.assign(issue, { isClosed: true, closedAt: now, updatedAt: now })
  insertEvent(instance, issue, doer.id, { type: 'merge_pull' })
  return empty(200)
}

export function addPullMergeRoute(api: Api): void {
  const guards = [needsPulls, needsReader('repo.code'), needsToken, needsUnarchived]
  api.repository('POST', '/pulls/{index}/merge', 'repository', guards, mergePull)
}
