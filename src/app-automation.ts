import type { Config } from './config/config.js'
import type { Store } from './db/open.js'
import type { Gate } from './gate/call.js'
import type { Metrics } from './http/metrics.js'
import { createAutomationAccount } from './identity/automation-account.js'
import type { ServiceAccess } from './identity/service-access.js'
import { type Automation, createAutomation } from './jobs/automation.js'
import type { Job } from './jobs/define-job.js'
import { createAutomationMetrics } from './jobs/metrics.js'
import { DAY, HOUR } from './lib/units.js'
import { createDeliveryLedger } from './webhooks/ledger.js'
import { createClosedReceiver, createWebhookReceiver, type WebhookReceiver } from './webhooks/receive.js'
import { createReconciler } from './webhooks/reconcile.js'

interface AutomationParts {
  readonly config: Config
  readonly gate: Gate
  readonly store: Store
  readonly metrics: Metrics
  readonly jobs: readonly Job[]
  /** What it knows of people's rights may have changed with a repository. */
  readonly service: Pick<ServiceAccess, 'forget'> | undefined
}

interface StartedAutomation {
  /** Undefined while the settings switch it off. */
  readonly automation: Automation | undefined
  readonly webhooks: WebhookReceiver
}

/** Deliveries are kept as long as the jobs they set off. */
const KEEP_DELIVERIES_MS = 90 * DAY

/** What takes webhooks and drives jobs, where the settings switch it on. Part of `app.ts`, which constructs everything else. */
export function startAutomation({ config, gate, store, metrics, jobs, service }: AutomationParts): StartedAutomation {
  const settings = config.automation
  const { gitea, clock, panic, limits, audit, log } = gate
  const now = () => clock.now()
  const findPause = () => panic.current()?.level
  if (settings === undefined) {
    return { automation: undefined, webhooks: createClosedReceiver({ limits, audit, log, now }) }
  }
  const account = createAutomationAccount({ gitea, token: settings.token, clock })
  const counters = createAutomationMetrics(metrics.registry, () => automation.queue, now)
  const automation = createAutomation({
    gate,
    store,
    account,
    jobs,
    concurrency: settings.concurrency,
    jobsPerHour: settings.jobsPerHour,
    isScheduled: settings.isScheduled,
    metrics: counters,
    alertTarget: settings.alertTarget,
    findPause,
    random: Math.random,
  })
  const reconciler = createReconciler({
    gate,
    store,
    account,
    jobs,
    queue: automation.queue,
    marks: automation.marks,
    metrics: counters,
    everyMs: settings.reconcileMs,
    findPause,
    wake: () => automation.runner.wake(),
  })
  const ledger = createDeliveryLedger({
    store,
    clock,
    queue: automation.queue,
    onAccessChange: (repository) => service?.forget({ repository }),
  })
  const sweep = setInterval(() => ledger.sweep(now() - KEEP_DELIVERIES_MS), HOUR)
  sweep.unref()
  // before the first delivery needs it
  void account.findLogin()
  return {
    automation: {
      ...automation,
      close: async () => {
        clearInterval(sweep)
        await reconciler.close()
        await automation.close()
        ledger.close()
      },
    },
    webhooks: createWebhookReceiver({
      ledger,
      jobs,
      secrets: settings.webhookSecrets,
      limits,
      audit,
      metrics: counters,
      log,
      policy: () => gate.policy.current(),
      findLogin: () => account.findLogin(),
      wake: () => automation.runner.wake(),
      now,
    }),
  }
}
