import { z } from 'zod'
import { getCommit } from '../gitea/git.js'
import { findReference } from '../gitea/git-data.js'
import { createRelease as makeRelease } from '../gitea/release-writes.js'
import { getRepository } from '../gitea/repos.js'
import { Conflict, InvalidInput } from '../lib/errors.js'
import { defineTool } from './define-tool.js'
import { toOneLine, toText } from './lines.js'
import { branch, flag, owner, ref, repo, textOf } from './params.js'

export const createRelease = defineTool({
  name: 'create_release',
  title: 'Create release',
  description: 'Publishes a release; a missing tag is made.',
  effect: 'create',
  toolset: 'releases',
  scope: 'write:repository',
  operations: ['createRelease', 'getRepository', 'getCommit', 'getRefs', 'listReleases'],
  input: z.strictObject({
    owner,
    repo,
    tag_name: textOf(250).refine(
      (tag) => branch.safeParse(tag).success,
      'must be the name of a tag, without refs/tags/',
    ),
    name: textOf(255).optional(),
    body: textOf(100_000).optional(),
    draft: flag(),
    prerelease: flag(),
    target: ref,
  }),
  output: z.object({
    id: z.number(),
    tag: z.string(),
    title: z.string(),
    draft: z.boolean(),
    prerelease: z.boolean(),
    url: z.string(),
  }),
  async run({ owner, repo, tag_name, name: title = '', body = '', draft, prerelease, target }, { gitea }) {
    const name = { owner, repo }
    const [repository, tag] = await Promise.all([
      getRepository(gitea, name),
      target === undefined ? undefined : findReference(gitea, { ...name, name: `tags/${tag_name}` }),
      target === undefined ? undefined : getCommit(gitea, { ...name, ref: target }),
    ])
    if (repository.isEmpty) throw new InvalidInput(`${owner}/${repo} is empty: there is nothing to release.`)
    if (tag !== undefined) {
      throw new Conflict(`The tag "${tag_name}" exists already and does not move: leave target out to release it.`)
    }
    const release = await makeRelease(gitea, name, {
      tag: tag_name,
      target,
      title: toOneLine(title),
      body,
      isDraft: draft,
      isPrerelease: prerelease,
    })
    return {
      id: release.id,
      tag: release.tag,
      title: release.title,
      draft: release.isDraft,
      prerelease: release.isPrerelease,
      url: release.url,
    }
  },
  render(release, { owner, repo }) {
    const kind = `${release.draft ? 'draft of ' : ''}${release.prerelease ? 'prerelease' : 'release'}`
    const title = release.title === '' || release.title === release.tag ? '' : `: ${toOneLine(release.title)}`
    return toText([
      `Created ${kind} ${toOneLine(release.tag)} (id ${release.id}) in ${owner}/${repo}${title}`,
      release.url,
    ])
  },
})
