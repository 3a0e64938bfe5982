import type { Store } from '../db/open.js'
import type { Clock } from '../lib/clock.js'

/*
 * Which changes were begun and which are known to be made. The row is on disk (synchronous = FULL) before the request
 * leaves, so after a crash it is known what to look for.
 */

type Result = Readonly<Record<string, unknown>>

interface KnownEffect {
  readonly state: 'begun' | 'done'
  readonly result: Result
}

export interface EffectLedger {
  find(key: string): KnownEffect | undefined
  begin(key: string, jobId: string, tool: string): void
  settle(key: string, result: Result): void
  /** It is certain that nothing was changed: the key is free again. */
  drop(key: string): void
}

export function createEffectLedger({ sqlite }: Pick<Store, 'sqlite'>, clock: Clock): EffectLedger {
  const select = sqlite.prepare<[string], { state: 'begun' | 'done'; result: string | null }>(
    'SELECT state, result FROM job_effect WHERE key = ?',
  )
  const begin = sqlite.prepare(
    `INSERT INTO job_effect (key, job_id, tool, state, begun_at) VALUES (@key, @jobId, @tool, 'begun', @now)
     ON CONFLICT (key) DO UPDATE SET job_id = @jobId, begun_at = @now`,
  )
  const settle = sqlite.prepare(`UPDATE job_effect SET state = 'done', result = ?, done_at = ? WHERE key = ?`)
  const drop = sqlite.prepare(`DELETE FROM job_effect WHERE key = ? AND state = 'begun'`)
  return {
    find: (key) => {
      const row = select.get(key)
      return row === undefined ? undefined : { state: row.state, result: toResult(row.result) }
    },
    begin: (key, jobId, tool) => {
      begin.run({ key, jobId, tool, now: clock.now() })
    },
    settle: (key, result) => {
      settle.run(JSON.stringify(result), clock.now(), key)
    },
    drop: (key) => {
      drop.run(key)
    },
  }
}

function toResult(text: string | null): Result {
  const value: unknown = text === null ? {} : JSON.parse(text)
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
