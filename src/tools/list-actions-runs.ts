import { z } from 'zod'
import { type ActionRun, listRuns } from '../gitea/actions.js'
import { defineTool } from './define-tool.js'
import { describePart, toListPart, toNextDay, toOneLine, toShortId, toText } from './lines.js'
import { limit, listPosition, owner, page, repo } from './params.js'

const Row = z.object({
  id: z.number().optional(),
  number: z.number(),
  title: z.string(),
  workflow: z.string(),
  event: z.string(),
  status: z.string(),
  branch: z.string(),
  sha: z.string(),
  started_at: z.string(),
  jobs: z.array(z.object({ name: z.string(), status: z.string() })),
})

export const listActionsRuns = defineTool({
  name: 'list_actions_runs',
  title: 'List Actions runs',
  description: 'Runs of CI workflows, newest first.',
  effect: 'read',
  toolset: 'actions',
  scope: 'read:repository',
  operations: ['listActionRuns', 'listActionTasks'],
  optionalOperations: ['listActionRuns'],
  input: z.strictObject({ owner, repo, page, limit }),
  output: z.object({ runs: z.array(Row), has_ids: z.boolean(), ...listPosition }),
  async run({ owner, repo, page, limit: asked }, { gitea, limits }) {
    const limit = Math.min(asked, limits.maxItems)
    const found = await listRuns(gitea, { owner, repo, page, limit })
    const rows = found.items.map(toRow)
    // a page of jobs makes fewer runs than it has rows: only Gitea's count tells whether there are more
    const { items: runs, ...part } = toListPart(
      { items: rows, total: found.hasIds ? found.total : undefined },
      { page, limit },
      (row) => describeRow(row),
      limits.maxChars,
    )
    const next = part.next ?? (found.hasMore ? { page: page + 1, limit } : undefined)
    return { runs, has_ids: found.hasIds, ...part, ...(next ? { next } : {}) }
  },
  render({ runs, has_ids, ...part }, { owner, repo, limit }) {
    const isEmpty = runs.length === 0 && part.first === 1
    return toText([
      describePart(
        { items: runs, ...part, ...(isEmpty ? { total: 0 } : {}) },
        { one: 'run', where: ` in ${owner}/${repo}` },
        limit,
      ),
      ...runs.map((row, at) => describeRow(row, runs[at - 1]?.started_at)),
      has_ids
        ? ''
        : 'Gitea lists runs by id only for owners of the repository, and from 1.25 on: these are put together from the jobs that ran.',
    ])
  },
})

function toRow({ startedAt, jobs, id, ...run }: ActionRun): z.output<typeof Row> {
  return { ...(id === undefined ? {} : { id }), ...run, started_at: startedAt, jobs: [...jobs] }
}

/** `31: failure ci.yml #11, push main 4566da34 11-20: Topic`; the id first, where it is known. */
function describeRow(row: z.output<typeof Row>, previous?: string): string {
  const id = row.id === undefined ? '' : `${row.id}: `
  const jobs =
    row.jobs.length === 0 ? '' : ` (${row.jobs.map((job) => `${toOneLine(job.name)} ${job.status}`).join(', ')})`
  const where = `${row.event} ${toOneLine(row.branch)} ${toShortId(row.sha)}`
  const day = isTime(row.started_at) ? ` ${toNextDay(row.started_at, previous)}` : ''
  return `${id}${row.status} ${toOneLine(row.workflow)} #${row.number}, ${where}${day}: ${toOneLine(row.title)}${jobs}`
}

/** Gitea writes the beginning of time for what has not started. */
function isTime(time: string): boolean {
  return Date.parse(time) > 0
}
