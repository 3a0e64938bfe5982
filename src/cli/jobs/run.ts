import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { leaveEvent } from '../../audit/outbox.js'
import type { RepositoryName } from '../../gitea/repos.js'
import { type Job, toPseudoTool } from '../../jobs/define-job.js'
import { createJobQueue, type JobQueue, type JobRow } from '../../jobs/queue.js'
import { getJob, listParameters, startRun } from '../../jobs/start-run.js'
import { systemClock } from '../../lib/clock.js'
import { InvalidInput } from '../../lib/errors.js'
import { SECOND } from '../../lib/units.js'
import { explain } from '../../policy/explain.js'
import { loadPolicy } from '../../policy/load.js'
import type { Policy } from '../../policy/policy.js'
import type { Action } from '../action.js'
import { parseAdminName } from '../admin-name.js'
import { type CommandIo, Misuse, printLines, toTerminalText } from '../command.js'
import { toPolicyPath, withStore } from '../state-file.js'
import { loadJobChecks, loadToolNames } from '../tool-names.js'
import { checkSwitchedOn, getRun, parseParameters, parseRepository } from './options.js'
import { toDetails, toLines } from './report.js'

/** `aegis jobs run`: asks the running server for a run. */
export const runAction: Action = {
  name: 'run',
  usage: `aegis jobs run <job> <owner/name> [--dry-run] [--parameters '{…}'] [--wait] [--by <name>]
  Puts a run into the queue; the server takes it up within a second, also in quiet hours. The policy must allow the job
  there. --dry-run tells what it would change. --parameters go over those of the policy. --wait stays until it has ended
  and shows it; exit code 1 unless it is done.
`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        'dry-run': { type: 'boolean', default: false },
        parameters: { type: 'string', default: '{}' },
        wait: { type: 'boolean', default: false },
        by: { type: 'string' },
      },
    })
    const [name, place, ...more] = positionals
    if (name === undefined || place === undefined || more.length > 0) {
      throw new Misuse('Name a job and a repository.')
    }
    const repository = parseRepository(place)
    const parameters = parseParameters(values.parameters)
    const by = parseAdminName(values.by)
    checkSwitchedOn(io)
    // only here, because the jobs bring half of the program with them
    const { createJobs, DEFAULT_JOB_SETTINGS } = await import('../../jobs/catalog.js')
    const jobs = createJobs(DEFAULT_JOB_SETTINGS)
    const job = getJob(jobs, name)
    const toolNames = (await loadToolNames()).map((tool) => tool.name)
    const policy = loadPolicy(toPolicyPath(io), { toolNames, jobs: await loadJobChecks() })
    checkAllowed(policy, job, repository)
    return withStore(io, { readonly: false }, async (store) => {
      const queue = createJobQueue(store, systemClock)
      const dryRun = values['dry-run']
      const { id, isNew } = store.transaction(() => {
        const started = explainParameters(job, () =>
          startRun({ jobs, policy, queue }, { job: job.name, repository, dryRun, parameters, by }),
        )
        leaveEvent(store, {
          reason: 'job_asked_for',
          by,
          at: systemClock.now(),
          details: { job: job.name, run: started.id, repository: place, dry_run: dryRun, parameters },
        })
        return started
      })
      if (!isNew) {
        printLines(io.stderr, 'The same already waits.')
      }
      if (values.wait) {
        const row = await waitForEnd(queue, id, io)
        printLines(io.stdout, ...toDetails(row))
        return row.state === 'done' ? 0 : 1
      }
      printLines(io.stdout, ...toLines(getRun(queue, id)), `  aegis jobs show ${id}`)
      return 0
    })
  },
}

/** @throws InvalidInput with the rules that were looked at */
function checkAllowed(policy: Policy, { name }: Job, { owner, repo }: RepositoryName): void {
  const asked = { tool: toPseudoTool(name), effect: 'write', repository: { owner, name: repo } } as const
  const { decision, lines } = explain(policy, asked)
  if (decision.effect !== 'allow') {
    throw new InvalidInput(
      [
        `${policy.file} does not let ${name} run in ${owner}/${repo}:`,
        ...lines.map((line) => `  ${line}`),
        `Add ${toPseudoTool(name)} to repositories.${owner}/${repo}.tools.allow (docs/automation.md).`,
      ].join('\n'),
    )
  }
}

/** Runs `start`; parameters that the job does not take are told with those that it does. */
function explainParameters<Started>(job: Job, start: () => Started): Started {
  try {
    return start()
  } catch (error) {
    if (!(error instanceof InvalidInput)) {
      throw error
    }
    const takes = listParameters(job).map(({ name, meaning }) => `  ${name}: ${meaning}`)
    throw new InvalidInput([error.message, ...takes].join('\n'), { cause: error })
  }
}

const LOOK_MS = SECOND / 4
/** The server looks every second. */
const HINT_AFTER_MS = 10 * SECOND

async function waitForEnd(queue: JobQueue, id: string, { stderr }: CommandIo): Promise<JobRow> {
  const since = systemClock.now()
  let isHinted = false
  for (;;) {
    const row = getRun(queue, id)
    if (row.state !== 'ready' && row.state !== 'running') {
      return row
    }
    if (!isHinted && row.state === 'ready' && systemClock.now() - since > HINT_AFTER_MS) {
      isHinted = true
      printLines(
        stderr,
        row.attempts > 0 && row.lastError !== null
          ? `It is tried again later: ${toTerminalText(row.lastError)}`
          : 'It still waits. Is the server running, or another job in this repository?',
      )
    }
    await delay(LOOK_MS)
  }
}
