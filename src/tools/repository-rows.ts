import { z } from 'zod'
import type { Repository } from '../gitea/repos.js'
import { toNextDay, toOneLine } from './lines.js'

/* Repositories as rows of a list. */

export const RepositoryRow = z.object({
  owner: z.string(),
  name: z.string(),
  description: z.string(),
  visibility: z.enum(['private', 'internal', 'public']),
  archived: z.boolean(),
  updated_at: z.string(),
})
export type RepositoryRow = z.output<typeof RepositoryRow>

export function toRepositoryRow(repository: Repository): RepositoryRow {
  const { owner, name, description, visibility, isArchived, updatedAt } = repository
  return { owner, name, description, visibility, archived: isArchived, updated_at: updatedAt }
}

/** `harbor/infra (private) 11-20: Machines`, the day with its year only where it differs from the row before. */
export function describeRepository(row: RepositoryRow, previous?: string): string {
  const marks = [row.visibility === 'public' ? '' : row.visibility, row.archived ? 'archived' : ''].filter(
    (mark) => mark !== '',
  )
  const marked = marks.length === 0 ? '' : ` (${marks.join(', ')})`
  const description = row.description === '' ? '' : `: ${toOneLine(row.description)}`
  return `${row.owner}/${row.name}${marked} ${toNextDay(row.updated_at, previous)}${description}`
}
