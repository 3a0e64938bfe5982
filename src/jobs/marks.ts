import type { Store } from '../db/open.js'
import type { Clock } from '../lib/clock.js'

/** Small values that automation keeps between runs. */
export interface Marks {
  get(name: string): string | undefined
  set(name: string, value: string): void
  delete(name: string): void
}

export function createMarks({ sqlite }: Pick<Store, 'sqlite'>, clock: Clock): Marks {
  const select = sqlite.prepare<[string], string>('SELECT value FROM automation_mark WHERE name = ?').pluck()
  const upsert = sqlite.prepare(
    `INSERT INTO automation_mark (name, value, changed_at) VALUES (?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at`,
  )
  const remove = sqlite.prepare('DELETE FROM automation_mark WHERE name = ?')
  return {
    get: (name) => select.get(name),
    set: (name, value) => {
      upsert.run(name, value, clock.now())
    },
    delete: (name) => {
      remove.run(name)
    },
  }
}
