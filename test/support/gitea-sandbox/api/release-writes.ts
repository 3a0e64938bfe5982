/** Writing releases. */
import { matchesGlob } from 'node:path'
import { type Api, needsReader, needsRepositoryAdmin, needsToken, needsUnarchived, needsWriter } from '../api.js'
import { type Fields, findFlag, findList, findText, readFields } from '../body.js'
import { getNumberParam, type RepositoryRequest, refuseNotFound, refuseWith, requireDoer } from '../exchange.js'
import { findObject, tryGit } from '../git.js'
import { isEmpty } from '../present/repository.js'
import { toTime } from '../present/user.js'
import { findRevision } from '../refs.js'
import { json, type Reply } from '../reply.js'
import type { Release, Repository } from '../state.js'
import { presentRelease } from './releases.js'

interface TagProtection {
  readonly pattern: string
  readonly logins: readonly string[]
}

const protectedTags = new WeakMap<Repository, TagProtection[]>()

/** Makes the tag of what is published; names that git refuses and archived repositories are a fault of Gitea. */
async function publish(request: RepositoryRequest, tag: string, target: string, isNew: boolean): Promise<void> {
  const { repository } = request
  if (repository.isArchived) refuseWith(request, 500, '')
  const directory = repository.gitDirectory
  if (await findObject(directory, `refs/tags/${tag}`)) return
  const rules = (protectedTags.get(repository) ?? []).filter(({ pattern }) => matchesGlob(tag, pattern))
  const { login } = requireDoer(request)
  if (rules.length > 0 && !rules.some(({ logins }) => logins.includes(login))) {
    refuseWith(request, isNew ? 422 : 500, isNew ? `release tag name is protected [tag_name: ${tag}]` : '')
  }
  const commit = await findRevision(repository, target)
  if (!commit) {
    const missing = `target "${target}" not found: object does not exist [id: ${target}, rel_path: ]`
    return refuseWith(request, isNew ? 404 : 500, isNew ? missing : '')
  }
  const made = await tryGit(directory, ['update-ref', `refs/tags/${tag}`, commit])
  if (made.code !== 0) refuseWith(request, 500, '')
}

function findRelease(request: RepositoryRequest, tag: string): Release | undefined {
  const wanted = tag.toLowerCase()
  for (const release of request.instance.state.releases.values())
    if (release.repositoryId === request.repository.id && release.tag.toLowerCase() === wanted) return release
  return undefined
}

function readDraft(request: RepositoryRequest, fields: Fields): boolean {
  return findFlag(request, fields, 'draft') ?? false
}

/** The target of a draft is not looked at, and that of a tag that exists is not used. */
async function createRelease(request: RepositoryRequest): Promise<Reply> {
  const { instance, repository } = request
  const fields = readFields(request)
  const tag = findText(request, fields, 'tag_name') ?? ''
  if (tag === '') refuseWith(request, 422, '[TagName]: Required')
  if (await isEmpty(repository)) refuseWith(request, 422, 'repo is empty')
  if (findRelease(request, tag)) refuseWith(request, 409, 'Release is has no Tag')
  const isDraft = readDraft(request, fields)
  const wanted = findText(request, fields, 'target_commitish') ?? ''
  const isTagged = (await findObject(repository.gitDirectory, `refs/tags/${tag}`)) !== undefined
  const target = wanted === '' && !isTagged ? repository.defaultBranch : wanted
  if (repository.isArchived) refuseWith(request, 500, '')
  if (!isDraft) await publish(request, tag, target, true)
  const release: Release = {
    id: instance.state.nextId('release'),
    repositoryId: repository.id,
    tag,
    target,
    name: findText(request, fields, 'name') ?? '',
    body: findText(request, fields, 'body') ?? '',
    isDraft,
    isPrerelease: findFlag(request, fields, 'prerelease') ?? false,
    authorId: requireDoer(request).id,
    createdAt: instance.clock.now(),
  }
  instance.state.releases.set(release.id, release)
  return json(201, presentRelease(request, release))
}

/** Empty texts change nothing. */
async function editRelease(request: RepositoryRequest): Promise<Reply> {
  const { instance, repository } = request
  const fields = readFields(request)
  const release = instance.state.releases.get(getNumberParam(request, 'id'))
  if (release?.repositoryId !== repository.id) return refuseNotFound(request)
  const edited: Release = {
    ...release,
    tag: findText(request, fields, 'tag_name') || release.tag,
    target: findText(request, fields, 'target_commitish') || release.target,
    name: findText(request, fields, 'name') || release.name,
    body: findText(request, fields, 'body') || release.body,
    isDraft: findFlag(request, fields, 'draft') ?? release.isDraft,
    isPrerelease: findFlag(request, fields, 'prerelease') ?? release.isPrerelease,
  }
  if (repository.isArchived) refuseWith(request, 500, '')
  if (!edited.isDraft) await publish(request, edited.tag, edited.target, false)
  instance.state.releases.set(release.id, edited)
  return json(200, presentRelease(request, edited))
}

function protectTags(request: RepositoryRequest): Reply {
  const { repository, instance } = request
  const fields = readFields(request)
  const pattern = findText(request, fields, 'name_pattern') ?? ''
  if (pattern === '') refuseWith(request, 400, 'name_pattern are empty')
  const logins = (findList(request, fields, 'whitelist_usernames') ?? []).map(String)
  if (logins.length === 0) refuseWith(request, 400, 'both whitelist_usernames and whitelist_teams are empty')
  const rules = [...(protectedTags.get(repository) ?? []), { pattern, logins }]
  protectedTags.set(repository, rules)
  const now = toTime(instance.clock.now())
  return json(201, {
    id: rules.length,
    name_pattern: pattern,
    whitelist_usernames: logins,
    whitelist_teams: [],
    created_at: now,
    updated_at: now,
  })
}

export function addReleaseWriteRoutes(api: Api): void {
  const guards = [needsReader('repo.releases'), needsToken, needsWriter('repo.releases')]
  api.repository('POST', '/releases', 'repository', guards, createRelease)
  api.repository('PATCH', '/releases/{id}', 'repository', guards, editRelease)
  const admins = [needsToken, needsRepositoryAdmin, needsUnarchived]
  api.repository('POST', '/tag_protections', 'repository', admins, protectTags)
}
