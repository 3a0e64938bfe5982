import { findNearMisses } from '../lib/near-miss.js'
import type { JobEntry, Policy } from './policy.js'
import type { Place, PolicyText } from './policy-text.js'
import type { PolicyFile } from './schema.js'

/** What the jobs of this version say about their part of a policy. */
export interface JobChecks {
  readonly names: readonly string[]
  /** What is wrong with a cron line, in words. */
  findScheduleProblem(line: string): string | undefined
  /** What is wrong with the parameters of a job; `path` leads to it inside them. */
  findParameterProblems(
    job: string,
    parameters: Readonly<Record<string, unknown>>,
  ): readonly { readonly path: Place; readonly text: string }[]
}

interface Compiling {
  readonly jobs: JobChecks
  readonly source: PolicyText
}

type JobEntries = PolicyFile['automation']['jobs']

export function compileAutomation(given: PolicyFile['automation'], compiling: Compiling): Policy['automation'] {
  const { quiet_hours: quiet } = given
  if (quiet !== undefined && !isTimeZone(quiet.timezone)) {
    compiling.source.addAt(
      ['automation', 'quiet_hours', 'timezone'],
      `“${quiet.timezone}” is not a time zone; write one like Europe/Berlin`,
    )
  }
  return { quietHours: quiet, jobs: compileJobs(given.jobs, ['automation', 'jobs'], compiling) }
}

export function compileJobs(
  entries: JobEntries,
  place: Place,
  { jobs, source }: Compiling,
): ReadonlyMap<string, JobEntry> {
  const compiled = new Map<string, JobEntry>()
  for (const [name, { schedule, parameters }] of Object.entries(entries)) {
    const at = [...place, name]
    if (!jobs.names.includes(name)) {
      const near = findNearMisses(name, jobs.names)
      const meant =
        near.length === 0 ? `The jobs are ${jobs.names.join(', ')}.` : `Did you mean “${near.join('” or “')}”?`
      source.addAtKey(at, `There is no job “${name}”. ${meant}`)
      continue
    }
    const problem = schedule === undefined ? undefined : jobs.findScheduleProblem(schedule)
    if (problem !== undefined) {
      source.addAt([...at, 'schedule'], problem)
    }
    for (const { path, text } of jobs.findParameterProblems(name, parameters)) {
      source.addAt([...at, 'parameters', ...path], text)
    }
    compiled.set(name, { schedule, parameters })
  }
  return compiled
}

function isTimeZone(name: string): boolean {
  // the only way to ask Intl is to see whether it throws
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
