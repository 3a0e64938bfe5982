import type { Clock } from '../lib/clock.js'
import type { SessionMessages } from './sse-message.js'

/** One open stream of one client of one person. */
export interface SseSession {
  readonly id: string
  readonly accountId: string
  readonly clientId: string
  readonly messages: SessionMessages
  /** Digest of the credential that was last taken here. */
  credential: string
  /** Epoch milliseconds. */
  lastUsedAt: number
  /** Whether the client ever sent a message here. */
  isUsed: boolean
  /** Bytes that the client has not taken from its stream yet. */
  pending(): number
  keepAlive(): void
  /** Ends the stream and aborts what is under way. */
  end(): void
}

export interface SseSessionLimits {
  readonly idleMs: number
  readonly perPerson: number
}

export interface SseSessions {
  /** Makes room for one more of this person; says what stands in the way when there is none. */
  findObstacle(accountId: string): 'person' | 'server' | undefined
  add(session: SseSession): void
  remove(session: SseSession): void
  /** An open session by its id, whoever it belongs to. */
  find(id: string): SseSession | undefined
  /** Open sessions, of one person or of all. */
  count(accountId?: string): number
  /** Ends what was idle too long or does not read, and keeps the others' connections alive. */
  sweep(): void
  close(): void
}

const MAX_SESSIONS = 1000
/** A client that reads nothing must not have us keep its answers. */
const MAX_PENDING_BYTES = 8_000_000

/** Owns the open sessions. They are in memory because they are connections: a restart ends them anyway. */
export function createSseSessions({ idleMs, perPerson }: SseSessionLimits, clock: Clock): SseSessions {
  const sessions = new Map<string, SseSession>()

  const end = (session: SseSession) => {
    sessions.delete(session.id)
    session.end()
  }
  const isIdle = (session: SseSession) => session.messages.count() === 0 && clock.now() - session.lastUsedAt >= idleMs
  const of = (accountId: string) => [...sessions.values()].filter((session) => session.accountId === accountId)
  const endIdle = () => {
    for (const session of sessions.values()) {
      if (isIdle(session) || session.pending() > MAX_PENDING_BYTES) {
        end(session)
      }
    }
  }

  return {
    findObstacle: (accountId) => {
      endIdle()
      const own = of(accountId)
      if (own.length >= perPerson) {
        // clients of Streamable HTTP open a stream here that they never use
        const unused = own.find((session) => !session.isUsed)
        if (unused === undefined) {
          return 'person'
        }
        end(unused)
      }
      return sessions.size >= MAX_SESSIONS ? 'server' : undefined
    },
    add: (session) => void sessions.set(session.id, session),
    remove: (session) => void sessions.delete(session.id),
    find: (id) => {
      const session = sessions.get(id)
      if (session !== undefined && isIdle(session)) {
        end(session)
        return undefined
      }
      return session
    },
    count: (accountId) => (accountId === undefined ? sessions.size : of(accountId).length),
    sweep: () => {
      endIdle()
      for (const session of sessions.values()) {
        session.keepAlive()
      }
    },
    close: () => {
      for (const session of sessions.values()) {
        end(session)
      }
    },
  }
}
