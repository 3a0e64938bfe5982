import { toErrorText } from '../lib/errors.js'
import type { Logger } from '../lib/logger.js'
import type { Policy } from '../policy/policy.js'

export interface PolicySource {
  current(): Policy
  /** Reads the file again; a broken one is refused and the policy in force stays. Returns whether it was taken. */
  reload(): boolean
  /** Why the last reload was refused; undefined when the file and what is in force agree. */
  brokenReload(): string | undefined
}

/**
 * The policy in force.
 *
 * @param load reads and checks the file; what it throws at start keeps the server from starting
 */
export function createPolicySource(load: () => Policy, log: Logger, onReload: (taken: boolean) => void): PolicySource {
  let policy = load()
  let problem: string | undefined
  return {
    current: () => policy,
    brokenReload: () => problem,
    reload: () => {
      try {
        policy = load()
        problem = undefined
        log.info({}, 'policy_reloaded')
      } catch (error) {
        // keeping the old policy is the point: a typo must not open or close anything
        problem = `The policy file is broken, the earlier one is still in force: ${toErrorText(error)}`
        log.error({ reason: problem }, 'policy_reload_refused')
      }
      onReload(problem === undefined)
      return problem === undefined
    },
  }
}
