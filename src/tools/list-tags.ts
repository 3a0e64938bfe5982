import { z } from 'zod'
import { listTags as loadTags } from '../gitea/tags.js'
import { defineTool } from './define-tool.js'
import { describePart, toListPart, toNextDay, toShortId, toSubject, toText } from './lines.js'
import { limit, listPosition, owner, page, repo } from './params.js'

const Row = z.object({ name: z.string(), sha: z.string(), created_at: z.string(), subject: z.string() })

export const listTags = defineTool({
  name: 'list_tags',
  title: 'List tags',
  description: 'Tags, newest first.',
  effect: 'read',
  toolset: 'releases',
  scope: 'read:repository',
  operations: ['listTags'],
  input: z.strictObject({ owner, repo, page, limit }),
  output: z.object({ tags: z.array(Row), ...listPosition }),
  async run({ owner, repo, page, limit: asked }, { gitea, limits }) {
    const limit = Math.min(asked, limits.maxItems)
    const { items, total } = await loadTags(gitea, { owner, repo, page, limit })
    const rows = items.map(({ name, sha, createdAt, message }) => ({
      name,
      sha,
      created_at: createdAt,
      subject: toSubject(message),
    }))
    const { items: tags, ...part } = toListPart(
      { items: rows, total },
      { page, limit },
      (tag) => describeRow(tag),
      limits.maxChars,
    )
    return { tags, ...part }
  },
  render({ tags, ...part }, { owner, repo, limit }) {
    return toText([
      describePart({ items: tags, ...part }, { one: 'tag', where: ` in ${owner}/${repo}` }, limit),
      ...tags.map((tag, at) => describeRow(tag, tags[at - 1]?.created_at)),
    ])
  },
})

function describeRow({ name, sha, created_at, subject }: z.output<typeof Row>, previous?: string): string {
  return `${name} ${toShortId(sha)} ${toNextDay(created_at, previous)}: ${subject}`
}
