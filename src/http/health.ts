import type { AuditLog } from '../audit/log.js'
import type { Store } from '../db/open.js'
import type { PanicLevel, PanicSwitch } from '../gate/panic.js'
import type { PolicySource } from '../gate/policy-source.js'
import { toIsoTime } from '../lib/clock.js'
import { VERSION } from '../lib/version.js'

export interface HealthReport {
  readonly status: 'healthy' | 'unhealthy'
  readonly version: string
  /** Each part that a call needs; the reason says what to look at. */
  /** What an admin has switched off; `unknown` without a database. Never a reason to restart, so never unhealthy. */
  readonly panic: { readonly level: PanicLevel | 'off' | 'unknown'; readonly since?: string }
  readonly checks: Record<string, { readonly ok: boolean; readonly reason?: string }>
}

interface HealthDeps {
  readonly store: Store
  readonly audit: AuditLog
  readonly policy: PolicySource
  readonly panic: Pick<PanicSwitch, 'current'>
  /** Whether nobody has to prove who they are. */
  readonly isOpen: boolean
  /** Whether Gitea answers; cached for a few seconds by the caller. */
  isGiteaReachable(): Promise<boolean>
}

/** Whether a call could run now, and if not, why. */
export async function checkHealth({
  store,
  audit,
  policy,
  panic,
  isOpen,
  isGiteaReachable,
}: HealthDeps): Promise<HealthReport> {
  const isStored = isAnswering(store)
  const broken = policy.brokenReload()
  const checks: HealthReport['checks'] = {
    audit: audit.health(),
    database: isStored ? { ok: true } : { ok: false, reason: 'The database does not answer.' },
    gitea: (await isGiteaReachable()) ? { ok: true } : { ok: false, reason: 'Gitea does not answer at GITEA_URL.' },
    // the old policy stays in force, so calls are safe; the admin must still hear of it
    policy: broken === undefined ? { ok: true } : { ok: true, reason: broken },
    ...(isOpen ? { authentication: { ok: true, reason: NOBODY_ASKED } } : {}),
  }
  const healthy = Object.values(checks).every((check) => check.ok)
  return {
    status: healthy ? 'healthy' : 'unhealthy',
    version: VERSION,
    panic: isStored ? toPanicReport(panic) : { level: 'unknown' },
    checks,
  }
}

const NOBODY_ASKED = 'AUTH_ENABLED=false: everyone who reaches this server is let in. For tests on this computer only.'

/** Neither the reason nor who did it: everybody may read this. */
function toPanicReport(panic: Pick<PanicSwitch, 'current'>): HealthReport['panic'] {
  const current = panic.current()
  return current === undefined ? { level: 'off' } : { level: current.level, since: toIsoTime(current.since) }
}

function isAnswering(store: Store): boolean {
  try {
    store.sqlite.prepare('SELECT 1').get()
    return true
  } catch {
    // a closed or broken file is exactly what is being asked about
    return false
  }
}
