import type { Clock } from '../lib/clock.js'
import { HOUR } from '../lib/units.js'

/** How many jobs of one repository may begin within an hour. Kept in memory: after a restart counting begins anew. */
export interface RepositoryRate {
  /** When the next one may begin (epoch milliseconds); undefined when now. @param repository `owner/name` in any case */
  findFreeAt(repository: string): number | undefined
  /** One begins. */
  note(repository: string): void
}

export function createRepositoryRate(perHour: number, clock: Clock): RepositoryRate {
  const begun = new Map<string, number[]>()
  let sweepAt = 0

  const forgetOld = (now: number) => {
    for (const [repository, times] of begun) {
      if ((times.at(-1) ?? 0) <= now - HOUR) {
        begun.delete(repository)
      }
    }
    sweepAt = now + HOUR
  }

  return {
    findFreeAt: (repository) => {
      const now = clock.now()
      const times = (begun.get(repository.toLowerCase()) ?? []).filter((at) => at > now - HOUR)
      const oldest = times.at(-perHour)
      return oldest === undefined ? undefined : oldest + HOUR
    },
    note: (repository) => {
      const now = clock.now()
      if (now >= sweepAt) {
        forgetOld(now)
      }
      const key = repository.toLowerCase()
      begun.set(key, [...(begun.get(key) ?? []), now].slice(-perHour))
    },
  }
}
