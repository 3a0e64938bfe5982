import { z } from 'zod'
import type { GiteaClient } from '../gitea/client.js'
import { getCommit } from '../gitea/git.js'
import { findReference } from '../gitea/git-data.js'
import { updateRelease } from '../gitea/release-writes.js'
import { getRelease, type Release } from '../gitea/releases.js'
import type { RepositoryName } from '../gitea/repos.js'
import { defineTool } from './define-tool.js'
import { toOneLine, toText } from './lines.js'
import { countingFrom1, owner, repo, textOf } from './params.js'

const FIELDS = ['name', 'body', 'draft', 'prerelease'] as const
const KEPT = 'must not be blank: Gitea keeps the old text then'

function filled(maxChars: number) {
  return textOf(maxChars).refine((text) => text.trim() !== '', KEPT)
}

export const editRelease = defineTool({
  name: 'edit_release',
  title: 'Edit release',
  description: 'Changes a release; draft=false publishes it.',
  effect: 'update',
  toolset: 'releases',
  scope: 'write:repository',
  operations: ['updateRelease', 'getRelease', 'getRefs', 'getCommit'],
  input: z
    .strictObject({
      owner,
      repo,
      release_id: countingFrom1(),
      name: filled(255).optional(),
      body: filled(100_000).optional(),
      draft: z.boolean().optional(),
      prerelease: z.boolean().optional(),
    })
    .refine(
      (input) => FIELDS.some((field) => input[field] !== undefined),
      'give at least one of name, body, draft and prerelease',
    ),
  output: z.object({
    id: z.number(),
    tag: z.string(),
    title: z.string(),
    draft: z.boolean(),
    prerelease: z.boolean(),
    url: z.string(),
    changed: z.array(z.enum(FIELDS)),
  }),
  async run({ owner, repo, release_id, name: title, body, draft, prerelease }, { gitea }) {
    const given = { name: title, body, draft, prerelease }
    const changed = FIELDS.filter((field) => given[field] !== undefined)
    const name = { owner, repo }
    const release = await getRelease(gitea, { ...name, id: release_id })
    if (release.isDraft && draft === false) await requireTarget(gitea, name, release)
    const edited = await updateRelease(
      gitea,
      { ...name, id: release_id },
      { title: title === undefined ? undefined : toOneLine(title), body, isDraft: draft, isPrerelease: prerelease },
    )
    return {
      id: edited.id,
      tag: edited.tag,
      title: edited.title,
      draft: edited.isDraft,
      prerelease: edited.isPrerelease,
      url: edited.url,
      changed,
    }
  },
  render(release, { owner, repo }) {
    const values = {
      name: `title ${toOneLine(release.title)}`,
      body: 'text',
      draft: release.draft ? 'a draft now' : 'published',
      prerelease: release.prerelease ? 'a prerelease' : 'a full release',
    }
    return toText([
      `Updated release ${toOneLine(release.tag)} (id ${release.id}) in ${owner}/${repo}: ${release.changed.map((field) => values[field]).join(', ')}`,
      release.url,
    ])
  },
})

/** A draft says where its tag will be made and may outlive that place; Gitea fails then instead of saying so. */
async function requireTarget(gitea: GiteaClient, name: RepositoryName, { tag, target }: Release): Promise<void> {
  if ((await findReference(gitea, { ...name, name: `tags/${tag}` })) !== undefined) return
  await getCommit(gitea, { ...name, ref: target })
}
