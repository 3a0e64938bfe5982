/** What one step of the walk found. A `warning` needs no action for sign-ins to work; a `failed` does. */
export interface Check {
  readonly step: string
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped'
  /** One sentence or less. */
  readonly found: string
  /** What to do, when something is to be done. */
  readonly fix?: string
}

export function ok(step: string, found: string): Check {
  return { step, status: 'ok', found }
}

export function warning(step: string, found: string, fix: string): Check {
  return { step, status: 'warning', found, fix }
}

export function failed(step: string, found: string, fix: string): Check {
  return { step, status: 'failed', found, fix }
}

export function skipped(step: string, why: string): Check {
  return { step, status: 'skipped', found: why }
}
