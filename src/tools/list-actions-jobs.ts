import { z } from 'zod'
import { type ActionJob, getRun, listJobs } from '../gitea/actions.js'
import { defineTool } from './define-tool.js'
import { describePart, toListPart, toOneLine, toShortId, toText } from './lines.js'
import { countingFrom1, limit, listPosition, owner, page, repo } from './params.js'

const Row = z.object({
  id: z.number(),
  name: z.string(),
  status: z.string(),
  runner: z.string(),
  labels: z.array(z.string()),
  started_at: z.string(),
  completed_at: z.string(),
  /** Without a status where Gitea does not tell them apart. */
  steps: z.array(z.object({ number: z.number(), name: z.string(), status: z.string() })),
})
type Row = z.output<typeof Row>

export const listActionsJobs = defineTool({
  name: 'list_actions_jobs',
  title: 'List Actions jobs',
  description: 'Jobs of a run; get_job_log shows what went wrong.',
  effect: 'read',
  toolset: 'actions',
  scope: 'read:repository',
  operations: ['getActionRun', 'listActionJobs'],
  input: z.strictObject({ owner, repo, run_id: countingFrom1(), page, limit }),
  output: z.object({
    run: z.object({ number: z.number(), title: z.string(), workflow: z.string(), status: z.string(), sha: z.string() }),
    jobs: z.array(Row),
    ...listPosition,
  }),
  async run({ owner, repo, run_id, page, limit: asked }, { gitea, limits }) {
    const limit = Math.min(asked, limits.maxItems)
    const request = { owner, repo, run: run_id }
    const [{ number, title, workflow, status, sha }, found] = await Promise.all([
      getRun(gitea, request),
      listJobs(gitea, { ...request, page, limit }),
    ])
    const rows = { items: found.items.map(toRow), total: found.total }
    const { items: jobs, ...part } = toListPart(rows, { page, limit }, describeRow, limits.maxChars)
    return { run: { number, title, workflow, status, sha }, jobs, ...part }
  },
  render({ run, jobs, ...part }, { owner, repo, run_id, limit }) {
    return toText([
      `Run ${run_id} in ${owner}/${repo}: ${run.status} ${toOneLine(run.workflow)} #${run.number}, ${toShortId(run.sha)} ${toOneLine(run.title)}`,
      describePart({ items: jobs, ...part }, { one: 'job', where: '' }, limit),
      ...jobs.map(describeRow),
    ])
  },
})

function toRow({ id, name, status, runner, labels, startedAt, completedAt, steps }: ActionJob): Row {
  return { id, name, status, runner, labels, started_at: startedAt, completed_at: completedAt, steps }
}

/** `13: test failure, 45 s`, and its steps below. */
function describeRow({ id, name, status, labels, started_at, completed_at, steps }: Row): string {
  const seconds = (Date.parse(completed_at) - Date.parse(started_at)) / 1000
  const isDone = Date.parse(started_at) > 0 && seconds >= 0
  const waitsFor =
    status === 'queued' && labels.length > 0 ? ` for a runner with ${labels.map(toOneLine).join(', ')}` : ''
  const named = steps.map(
    (step) => `${step.number} ${toOneLine(step.name)}${step.status === '' ? '' : ` ${step.status}`}`,
  )
  return toText([
    `${id}: ${toOneLine(name)} ${status}${waitsFor}${isDone ? `, ${seconds} s` : ''}`,
    named.length === 0 ? '' : `  steps: ${named.join('; ')}`,
  ])
}
