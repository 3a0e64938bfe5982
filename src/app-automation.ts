import type { Config } from './config/config.js'
import type { Store } from './db/open.js'
import type { Gate } from './gate/call.js'
import type { Metrics } from './http/metrics.js'
import { createAutomationAccount } from './identity/automation-account.js'
import { type Automation, createAutomation } from './jobs/automation.js'
import type { Job } from './jobs/define-job.js'
import { createAutomationMetrics } from './jobs/metrics.js'

interface AutomationParts {
  readonly config: Config
  readonly gate: Gate
  readonly store: Store
  readonly metrics: Metrics
  readonly jobs: readonly Job[]
}

/** What drives jobs, where the settings switch it on. Part of `app.ts`, which constructs everything else. */
export function startAutomation({ config, gate, store, metrics, jobs }: AutomationParts): Automation | undefined {
  const settings = config.automation
  if (settings === undefined) {
    return undefined
  }
  const { gitea, clock, panic } = gate
  const automation = createAutomation({
    gate,
    store,
    account: createAutomationAccount({ gitea, token: settings.token, clock }),
    jobs,
    concurrency: settings.concurrency,
    isScheduled: settings.isScheduled,
    metrics: createAutomationMetrics(
      metrics.registry,
      () => automation.queue,
      () => clock.now(),
    ),
    findPause: () => panic.current()?.level,
    random: Math.random,
  })
  return automation
}
