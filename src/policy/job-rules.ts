import type { Policy } from './policy.js'

/** What the policy says about one job in one repository, besides whether it may run at all. */
export interface JobRules {
  /** A cron line; undefined when it runs on events or by hand only. */
  readonly schedule: string | undefined
  /** As the operator wrote them, checked against the job when the file was loaded. */
  readonly parameters: Readonly<Record<string, unknown>>
}

/** The rules of all repositories, then those of every entry that matches, in the order of the file. */
export function findJobRules(
  { automation, repositories }: Policy,
  job: string,
  repository: { readonly owner: string; readonly name: string },
): JobRules {
  const name = `${repository.owner}/${repository.name}`.toLowerCase()
  const there = repositories.filter((entry) => entry.matcher.test(name)).map((entry) => entry.automation)
  let found: JobRules = { schedule: undefined, parameters: {} }
  for (const { schedule, parameters } of [automation.jobs, ...there].flatMap((rules) => rules.get(job) ?? [])) {
    found = { schedule: schedule ?? found.schedule, parameters: { ...found.parameters, ...parameters } }
  }
  return found
}

/** Every cron line by which this job may be due somewhere. */
export function listSchedules({ automation, repositories }: Policy, job: string): readonly string[] {
  const all = [automation.jobs, ...repositories.map((entry) => entry.automation)]
  return [...new Set(all.flatMap((rules) => rules.get(job)?.schedule ?? []))]
}
