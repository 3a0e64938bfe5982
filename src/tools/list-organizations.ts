import { z } from 'zod'
import { listMyOrganizations } from '../gitea/organizations.js'
import { defineTool } from './define-tool.js'
import { describePart, toListPart, toOneLine, toText } from './lines.js'
import { limit, listPosition, page } from './params.js'

const Row = z.object({ name: z.string(), full_name: z.string(), description: z.string(), visibility: z.string() })

export const listOrganizations = defineTool({
  name: 'list_organizations',
  title: 'List organizations',
  description: 'Own organizations.',
  effect: 'read',
  toolset: 'people',
  scope: 'read:repository',
  operations: ['listMyOrganizations'],
  input: z.strictObject({ page, limit }),
  output: z.object({ organizations: z.array(Row), ...listPosition }),
  async run({ page, limit: asked }, { gitea, limits }) {
    const limit = Math.min(asked, limits.maxItems)
    const { items, total } = await listMyOrganizations(gitea, { page, limit })
    const rows = items.map(({ name, fullName, description, visibility }) => ({
      name,
      full_name: fullName,
      description,
      visibility,
    }))
    const { items: organizations, ...part } = toListPart(
      { items: rows, total },
      { page, limit },
      describeRow,
      limits.maxChars,
    )
    return { organizations, ...part }
  },
  render({ organizations, ...part }, { limit }) {
    return toText([
      describePart({ items: organizations, ...part }, { one: 'organisation', where: ' of this person' }, limit),
      ...organizations.map(describeRow),
    ])
  },
})

/** `harbor (private) Harbor Lines: Ferries since 1921` */
function describeRow({ name, full_name, description, visibility }: z.output<typeof Row>): string {
  const marked = visibility === 'public' || visibility === '' ? '' : ` (${visibility})`
  const called = full_name === '' || full_name === name ? '' : ` ${toOneLine(full_name)}`
  return `${name}${marked}${called}${description === '' ? '' : `: ${toOneLine(description)}`}`
}
