import type { Store } from '../db/open.js'
import type { Caller } from '../identity/caller.js'
import type { Clock } from '../lib/clock.js'
import { sha256Hex } from '../lib/crypto.js'
import { InvalidInput, NotFound } from '../lib/errors.js'
import { createTypedId } from '../lib/ids.js'
import { DAY, HOUR } from '../lib/units.js'

/** How long a request waits for an answer, and how long a yes may be used. */
const WAITING_MS = 7 * DAY
const APPROVED_MS = HOUR

export interface ApprovalRequest {
  readonly id: string
  readonly login: string
  readonly tool: string
  readonly summary: string
  readonly rule: string
  readonly status: 'waiting' | 'approved' | 'denied' | 'used'
  readonly decidedBy: string | null
  readonly createdAt: number
  readonly expiresAt: number
}

type ApprovalAnswer =
  | { readonly status: 'approved'; readonly id: string; readonly decidedBy: string }
  | { readonly status: 'waiting' | 'denied'; readonly id: string }

export interface Approvals {
  /**
   * Uses up a yes for exactly this call, or leaves a request for an admin to answer. Asking again while one waits
   * returns the same request.
   */
  take(call: { caller: Caller; tool: string; canonicalArgs: string; summary: string; rule: string }): ApprovalAnswer
  list(): ApprovalRequest[]
  /** @throws NotFound for an unknown id, InvalidInput when it was answered already or has expired */
  decide(id: string, decision: 'approved' | 'denied', decidedBy: string): void
}

interface Row {
  id: string
  status: ApprovalRequest['status']
  decided_by: string | null
}

/** Requests that the policy lets run only after an admin has said yes. A yes is for one call with these arguments. */
export function createApprovals(store: Store, clock: Clock): Approvals {
  const { sqlite } = store
  const find = sqlite.prepare<[string, string, string, number], Row>(
    `SELECT id, status, decided_by FROM approval
     WHERE account_id = ? AND tool = ? AND arguments_hash = ? AND status <> 'used' AND expires_at > ?
     ORDER BY created_at DESC LIMIT 1`,
  )
  const use = sqlite.prepare<[string]>(`UPDATE approval SET status = 'used' WHERE id = ? AND status = 'approved'`)
  const insert = sqlite.prepare(
    `INSERT INTO approval (id, account_id, login, client_id, tool, arguments_hash, summary, rule, status, created_at, expires_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?, ?)`,
  )
  const all = sqlite.prepare<[number], ApprovalRequest>(
    `SELECT id, login, tool, summary, rule, status, decided_by AS decidedBy, created_at AS createdAt, expires_at AS expiresAt
     FROM approval WHERE expires_at > ? ORDER BY created_at DESC`,
  )
  const get = sqlite.prepare<[string], { status: string; expires_at: number }>(
    'SELECT status, expires_at FROM approval WHERE id = ?',
  )
  const answer = sqlite.prepare(
    `UPDATE approval SET status = ?, decided_by = ?, decided_at = ?, expires_at = ? WHERE id = ? AND status = 'waiting'`,
  )

  return {
    take: ({ caller, tool, canonicalArgs, summary, rule }) =>
      store.transaction((): ApprovalAnswer => {
        const now = clock.now()
        const hash = sha256Hex(canonicalArgs)
        const known = find.get(caller.accountId, tool, hash, now)
        if (known?.status === 'approved' && use.run(known.id).changes === 1) {
          return { status: 'approved', id: known.id, decidedBy: known.decided_by ?? 'unknown' }
        }
        if (known !== undefined) {
          return { status: known.status === 'denied' ? 'denied' : 'waiting', id: known.id }
        }
        const id = createTypedId()
        const expiresAt = now + WAITING_MS
        insert.run(id, caller.accountId, caller.login, caller.clientId, tool, hash, summary, rule, now, expiresAt)
        return { status: 'waiting', id }
      }),
    list: () => all.all(clock.now()),
    decide: (id, decision, decidedBy) =>
      store.transaction(() => {
        const now = clock.now()
        const row = get.get(id)
        if (row === undefined) {
          throw new NotFound(`There is no approval request ${id}. See \`aegis approvals list\`.`)
        }
        if (row.status !== 'waiting' || row.expires_at <= now) {
          throw new InvalidInput(`The approval request ${id} is ${row.status === 'waiting' ? 'expired' : row.status}.`)
        }
        answer.run(decision, decidedBy, now, decision === 'approved' ? now + APPROVED_MS : row.expires_at, id)
      }),
  }
}
