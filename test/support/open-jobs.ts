import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { openStore, type Store } from '../../src/db/open.js'
import { defineJob, type Job } from '../../src/jobs/define-job.js'
import { createJobPort } from '../../src/jobs/job-port.js'
import { createJobChecks } from '../../src/jobs/policy-checks.js'
import { createJobQueue, type JobQueue } from '../../src/jobs/queue.js'
import { type Clock, systemClock } from '../../src/lib/clock.js'
import { parsePolicy } from '../../src/policy/load.js'
import type { AutomationPort } from '../../src/tools/automation-port.js'

/** The policy's names besides those of the jobs. */
const TOOLS = ['create_issue_comment', 'list_issues', 'run_automation_job']

/** A job that only says that it ran. */
export function sampleJob(more: Partial<Job> = {}): Job {
  return {
    ...defineJob({
      name: 'tidy_up',
      title: 'Tidy up',
      description: 'For tests.',
      tools: [],
      deadlineMs: 10_000,
      maxAttempts: 3,
      events: [],
      parameters: z.strictObject({
        days: z.int().min(1).default(30).describe('After how many days'),
        labels: z.array(z.string()).default([]).describe('Labels that keep'),
      }),
      dedupe: () => undefined,
      run: async () => ({ summary: 'Tidied up.' }),
    }),
    ...more,
  }
}

export interface OpenJobs {
  readonly store: Store
  readonly queue: JobQueue
  readonly port: AutomationPort
  /** How often the worker was told that there is something. */
  countWakes(): number
  close(): void
}

/** The queue and its port over a database file, without a worker. */
export function openJobs(policy: string, jobs: readonly Job[] = [sampleJob()], clock: Clock = systemClock): OpenJobs {
  const folder = mkdtempSync(join(tmpdir(), 'aegis-'))
  const store = openStore({ path: join(folder, 'aegis.db'), migrationsPath: 'migrations' })
  const queue = createJobQueue(store, clock)
  const toolNames = [...TOOLS, ...jobs.map(({ name }) => `automation_${name}`)]
  const parsed = parsePolicy(policy, { file: 'policy.yaml', toolNames, jobs: createJobChecks(jobs) })
  let wakes = 0
  const wake = () => {
    wakes += 1
  }
  return {
    store,
    queue,
    port: createJobPort({ queue, jobs, policy: () => parsed, wake }),
    countWakes: () => wakes,
    close: () => {
      store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
