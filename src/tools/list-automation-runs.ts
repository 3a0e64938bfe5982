import { z } from 'zod'
import { RUN_STATES } from './automation-port.js'
import { describeRun, getStanding, RunRow, toRunRow } from './automation-rows.js'
import { defineTool } from './define-tool.js'
import { describePart, toListPart, toText } from './lines.js'
import { limit, listPosition, owner, page, repo, textOf } from './params.js'

export const listAutomationRuns = defineTool({
  name: 'list_automation_runs',
  title: 'List automation runs',
  description: 'Runs of this server’s jobs, and the jobs allowed here.',
  effect: 'read',
  toolset: 'automation',
  scope: 'read:repository',
  operations: ['getRepository'],
  input: z.strictObject({
    owner,
    repo,
    job: textOf(100).optional(),
    state: z.enum(RUN_STATES).optional(),
    page,
    limit,
  }),
  output: z.object({ jobs: z.array(z.string()), runs: z.array(RunRow), ...listPosition }),
  async run({ owner, repo, job, state, page, limit: asked }, context) {
    const repository = { owner, repo }
    const { port, mayChange, since } = await getStanding(context.gitea, repository, context)
    const limit = Math.min(asked, context.limits.maxItems)
    const found = port.listRuns(repository, { job, state, since, page, limit })
    const rows = found.items.map((run) => toRunRow(run, mayChange))
    const { items: runs, ...part } = toListPart(
      { items: rows, total: found.total },
      { page, limit },
      (row) => describeRun(row),
      context.limits.maxChars,
    )
    const jobs: string[] = [...port.listJobs(repository)]
    return { jobs, runs, ...part }
  },
  render({ jobs, runs, ...part }, { owner, repo, state, limit }) {
    const one = state === undefined ? 'run' : `${state} run`
    return toText([
      describePart({ items: runs, ...part }, { one, where: ` of automations in ${owner}/${repo}` }, limit),
      ...runs.map((row, at) => describeRun(row, runs[at - 1]?.asked_at)),
      jobs.length === 0 ? 'The policy allows no job here.' : `Jobs allowed here: ${jobs.join(', ')}.`,
    ])
  },
})
