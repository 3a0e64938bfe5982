import { z } from 'zod'
import { Forbidden } from '../lib/errors.js'
import { describeRun, getStanding, RunRow, toRunRow } from './automation-rows.js'
import { defineTool } from './define-tool.js'
import { toText } from './lines.js'
import { flag, owner, repo, textOf } from './params.js'

export const runAutomationJob = defineTool({
  name: 'run_automation_job',
  title: 'Run automation job',
  description: 'Starts a job of this server; list_automation_runs names them, get_automation_run tells the outcome.',
  effect: 'update',
  toolset: 'automation',
  scope: 'write:repository',
  operations: ['getRepository'],
  input: z.strictObject({
    owner,
    repo,
    job: textOf(100),
    dry_run: flag('Only tell what it would change'),
    parameters: z.record(z.string(), z.unknown()).optional().describe('Of the job, over those of the policy'),
  }),
  output: z.object({ run: RunRow, is_new: z.boolean() }),
  async run({ owner, repo, job, dry_run, parameters = {} }, context) {
    const repository = { owner, repo }
    const { port, mayChange, isArchived } = await getStanding(context.gitea, repository, context)
    if (!mayChange) {
      throw new Forbidden(`Gitea does not let ${context.login} change ${owner}/${repo}, so no job is started there.`, {
        rule: 'gitea.permissions',
      })
    }
    if (isArchived) {
      throw new Forbidden('The repository is archived in Gitea: it can be read, not changed.', {
        rule: 'gitea.archived',
      })
    }
    const { run, isNew } = port.start({ job, repository, dryRun: dry_run, parameters, by: context.login })
    return { run: toRunRow(run, mayChange), is_new: isNew }
  },
  render({ run, is_new }) {
    return toText([is_new ? 'Asked for.' : 'The same already waits.', describeRun(run)])
  },
})
