import { z } from 'zod'
import { listReleases as loadReleases } from '../gitea/releases.js'
import { defineTool } from './define-tool.js'
import { describePart, toListPart, toText } from './lines.js'
import { limit, listPosition, owner, page, repo } from './params.js'
import { describeReleaseRow, ReleaseRow, toReleaseRow } from './release-rows.js'

export const listReleases = defineTool({
  name: 'list_releases',
  title: 'List releases',
  description: 'Releases, newest first.',
  effect: 'read',
  toolset: 'releases',
  scope: 'read:repository',
  operations: ['listReleases'],
  input: z.strictObject({ owner, repo, page, limit }),
  output: z.object({ releases: z.array(ReleaseRow), ...listPosition }),
  async run({ owner, repo, page, limit: asked }, { gitea, limits }) {
    const limit = Math.min(asked, limits.maxItems)
    const { items, total } = await loadReleases(gitea, { owner, repo, page, limit })
    const { items: releases, ...part } = toListPart(
      { items: items.map(toReleaseRow), total },
      { page, limit },
      (release) => describeReleaseRow(release),
      limits.maxChars,
    )
    return { releases, ...part }
  },
  render({ releases, ...part }, { owner, repo, limit }) {
    return toText([
      describePart({ items: releases, ...part }, { one: 'release', where: ` in ${owner}/${repo}` }, limit),
      ...releases.map((release, at) => describeReleaseRow(release, releases[at - 1]?.published_at)),
    ])
  },
})
