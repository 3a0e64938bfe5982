import { z } from 'zod'
import { findOrgLabels, type Label, listLabels as loadLabels } from '../gitea/labels.js'
import { defineTool } from './define-tool.js'
import { describePart, toListPart, toOneLine, toText } from './lines.js'
import { limit, listPosition, owner, page, repo } from './params.js'

const Row = z.object({
  name: z.string(),
  color: z.string(),
  description: z.string(),
  of: z.enum(['repository', 'organisation']),
  exclusive: z.boolean(),
  archived: z.boolean(),
})

export const listLabels = defineTool({
  name: 'list_labels',
  title: 'List labels',
  description: 'Labels that issues here can have.',
  effect: 'read',
  toolset: 'issues',
  scope: 'read:repository',
  operations: ['listLabels', 'listOrgLabels'],
  input: z.strictObject({ owner, repo, page, limit }),
  output: z.object({ labels: z.array(Row), organisation_unread: z.boolean(), ...listPosition }),
  async run({ owner, repo, page, limit: asked }, { gitea, limits }) {
    const limit = Math.min(asked, limits.maxItems)
    const [own, shared] = await Promise.all([loadLabels(gitea, { owner, repo }), findOrgLabels(gitea, owner)])
    const all = [
      ...own.map((label) => toRow(label, 'repository')),
      ...(shared ?? []).map((label) => toRow(label, 'organisation')),
    ]
    const items = all.slice((page - 1) * limit, page * limit)
    const { items: labels, ...part } = toListPart(
      { items, total: all.length },
      { page, limit },
      describeRow,
      limits.maxChars,
    )
    return { labels, organisation_unread: shared === undefined, ...part }
  },
  render({ labels, organisation_unread, ...part }, { owner, repo, limit }) {
    const own = labels.filter((label) => label.of === 'repository')
    const shared = labels.filter((label) => label.of === 'organisation')
    return toText([
      describePart({ items: labels, ...part }, { one: 'label', where: ` in ${owner}/${repo}` }, limit),
      ...own.map(describeRow),
      shared.length === 0 ? '' : `Of the organisation ${owner}:`,
      ...shared.map(describeRow),
      organisation_unread ? `Labels of ${owner} itself are missing: this sign-in may not read organisations.` : '',
    ])
  },
})

function toRow(label: Label, of: 'repository' | 'organisation'): z.output<typeof Row> {
  const { name, color, description, isExclusive, isArchived } = label
  return { name, color, description, of, exclusive: isExclusive, archived: isArchived }
}

/** `bug #d73a4a (archived): Something does not work` */
function describeRow({ name, color, description, exclusive, archived }: z.output<typeof Row>): string {
  const marks = [exclusive ? 'exclusive' : '', archived ? 'archived' : ''].filter((mark) => mark !== '')
  const marked = marks.length === 0 ? '' : ` (${marks.join(', ')})`
  return `${toOneLine(name)} #${color}${marked}${description === '' ? '' : `: ${toOneLine(description)}`}`
}
