import { Cron } from 'croner'
import type { z } from 'zod'
import { toErrorText } from '../lib/errors.js'
import type { JobChecks } from '../policy/compile-jobs.js'
import type { Job } from './define-job.js'

/** What the policy may say about these jobs. */
export function createJobChecks(jobs: readonly Job[]): JobChecks {
  const byName = new Map(jobs.map((job) => [job.name, job]))
  return {
    names: [...byName.keys()],
    findScheduleProblem: (line) => {
      // the only way to ask croner is to see whether it throws
      try {
        return toCron(line).nextRun() === null ? `“${line}” is never due` : undefined
      } catch (error) {
        return `“${line}” is not a cron line like "0 5 * * *": ${toErrorText(error)}`
      }
    },
    findParameterProblems: (job, parameters) => {
      const parsed = byName.get(job)?.parameters.safeParse(parameters)
      return parsed?.success === false ? parsed.error.issues.map((issue) => toProblem(job, issue)) : []
    },
  }
}

/** Paused: it only tells times. Five fields, or six with seconds. */
export function toCron(line: string): Cron {
  return new Cron(line, { paused: true, timezone: 'UTC' })
}

function toProblem(job: string, issue: z.core.$ZodIssue) {
  if (issue.code === 'unrecognized_keys') {
    return { path: issue.path, text: `${job} has no parameter ${issue.keys.map((key) => `“${key}”`).join(', ')}` }
  }
  return { path: issue.path, text: issue.message }
}
