import type { JobChecks } from '../policy/compile-jobs.js'

/**
 * Every name that the policy knows and whether it changes anything: the tools of this version, and its jobs as
 * `automation_<job>`. For commands that read the policy.
 */
export async function loadToolNames(): Promise<{ readonly name: string; readonly effect: 'read' | 'write' }[]> {
  // only here, because the tools bring half of the program with them
  const { catalog } = await import('../tools/catalog.gen.js')
  const { createJobs, DEFAULT_JOB_SETTINGS } = await import('../jobs/catalog.js')
  const { toPseudoTool } = await import('../jobs/define-job.js')
  return [
    ...catalog.map(({ name, effect }) => ({
      name,
      effect: effect === 'read' ? ('read' as const) : ('write' as const),
    })),
    ...createJobs(DEFAULT_JOB_SETTINGS).map(({ name }) => ({ name: toPseudoTool(name), effect: 'write' as const })),
  ]
}

/** What a policy may say about the jobs of this version. */
export async function loadJobChecks(): Promise<JobChecks> {
  const { createJobs, DEFAULT_JOB_SETTINGS } = await import('../jobs/catalog.js')
  const { createJobChecks } = await import('../jobs/policy-checks.js')
  return createJobChecks(createJobs(DEFAULT_JOB_SETTINGS))
}
