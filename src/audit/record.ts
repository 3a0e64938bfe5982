// What one audit entry says, and the exact bytes that are hashed. Pure: no database, no clock.
// Field names are the ones that are hashed and exported, so that nothing is renamed on the way to the evidence.
import { toIsoTime } from '../lib/clock.js'
import { sha256Hex } from '../lib/crypto.js'
import { canonicalJson } from './canonical-json.js'

/** `prev_hash` of the first entry. */
export const GENESIS_HASH = '0'.repeat(64)

/** Who asked. Before a caller is known only `ip` may be there. */
export interface AuditActor {
  readonly account?: string
  readonly login?: string
  readonly client?: string
  /** Untrusted: what the client calls itself. */
  readonly client_name?: string
  /** Short digest of the token, never the token. */
  readonly token_hint?: string
  readonly ip?: string
}

export interface AuditTarget {
  /** `owner/name`. */
  readonly repository?: string
  readonly path?: string
  readonly ref?: string
  /** Of an issue or a pull request. */
  readonly number?: number
}

interface AuditOutcome {
  /** The error's code, absent on success. */
  readonly code?: string
  /** Our own text. */
  readonly message?: string
  /** Size of the answer that left. */
  readonly bytes?: number
  /** Where to find what a write made or changed. */
  readonly made?: string
  /** The identical call, moments before, whose result was given again: nothing was done. */
  readonly repeats?: string
  /** For a call across repositories: those it looked into, `*` for more than are named. */
  readonly repositories?: readonly string[]
  /** How many secrets were masked in it. */
  readonly masked?: number
  readonly upstream_calls?: number
  readonly duration_ms?: number
}

/** What every kind of entry may say. */
interface AuditContext {
  /** The product's own events have none. */
  readonly request_id?: string
  /** What the client sent to tie its own logs to ours; untrusted. */
  readonly correlation_id?: string
  readonly actor?: AuditActor
  /** The door: `mcp`, `sse`, `direct`, `job`, … */
  readonly via?: string
  readonly tool?: string
  /** Ties the entries of one call together. */
  readonly call?: string
  readonly target?: AuditTarget
  /** Plain data, redacted and bounded by the caller. */
  readonly arguments?: Readonly<Record<string, unknown>>
  readonly decision?: { readonly effect: string; readonly rule: string; readonly reason: string }
  /** One word or sentence: why this was refused, or what happened. */
  readonly reason?: string
  readonly details?: Readonly<Record<string, unknown>>
}

/** A call that is about to touch Gitea. It gets exactly one outcome with the same `call`. */
export interface PendingInvocation extends AuditContext {
  readonly type: 'tool_invocation'
  readonly status: 'pending'
  readonly call: string
  readonly request_id: string
  readonly tool: string
}

/** How a pending call ended. `interrupted`: nobody knows, because the server stopped in between. */
export interface InvocationOutcome extends AuditContext {
  readonly type: 'tool_invocation'
  readonly status: 'success' | 'error' | 'cancelled' | 'interrupted'
  readonly call: string
  readonly outcome?: AuditOutcome
}

/** A call that was refused before it could touch Gitea. */
export interface AccessDenied extends AuditContext {
  readonly type: 'access_denied'
  readonly reason: string
}

/** Anything else an administrator would want to find: sign-ins, revocations, lockouts, policy reloads, outages. */
export interface SecurityEvent extends AuditContext {
  readonly type: 'security_event'
  readonly reason: string
}

export type AuditEvent = PendingInvocation | InvocationOutcome | AccessDenied | SecurityEvent

export function isPending(event: AuditEvent): event is PendingInvocation {
  return event.type === 'tool_invocation' && event.status === 'pending'
}

export function isOutcome(event: AuditEvent): event is InvocationOutcome {
  return event.type === 'tool_invocation' && event.status !== 'pending'
}

export const AUDIT_TYPES = ['tool_invocation', 'access_denied', 'security_event'] as const

/**
 * The canonical text of an entry, cut where `open_since`, `prev_hash` and `seq` go: those are known only inside the
 * commit, and the rest is made when the event happens, so that later changes to the caller's objects do not count.
 */
export interface Draft {
  readonly beforeOpenSince: string
  readonly beforePrevHash: string
  readonly beforeSeq: string
  readonly afterSeq: string
}

export interface SealedEntry {
  readonly body: string
  readonly hash: string
}

type Fields = AuditContext & { readonly outcome?: AuditOutcome; readonly status?: string }

// alphabetical, as RFC 8785 sorts them; `open_since`, `prev_hash`, `seq`, `timestamp`, `type` and `v` are placed below
const BEFORE_OPEN_SINCE: readonly (keyof Fields)[] = [
  'actor',
  'arguments',
  'call',
  'correlation_id',
  'decision',
  'details',
]
const BEFORE_PREV_HASH: readonly (keyof Fields)[] = ['outcome']
const BEFORE_SEQ: readonly (keyof Fields)[] = ['reason', 'request_id']
const BEFORE_TIMESTAMP: readonly (keyof Fields)[] = ['status', 'target']

/**
 * Everything of an entry but its place in the chain.
 *
 * Content never makes this fail, because an outcome that cannot be recorded would be worse than one with a replaced
 * character: lone surrogates become U+FFFD, numbers without a JSON form null, other things `[unrecordable]`.
 *
 * @param at epoch milliseconds
 */
export function toDraft(event: AuditEvent, at: number): Draft {
  const fields: Fields = event
  const tool = fields.tool === undefined ? '' : `"tool":${toText(fields.tool)},`
  const via = fields.via === undefined ? '' : `,"via":${toText(fields.via)}`
  return {
    beforeOpenSince: `{${toProperties(fields, BEFORE_OPEN_SINCE)}`,
    beforePrevHash: toProperties(fields, BEFORE_PREV_HASH),
    beforeSeq: toProperties(fields, BEFORE_SEQ),
    afterSeq: `${toProperties(fields, BEFORE_TIMESTAMP)}"timestamp":"${toIsoTime(at)}",${tool}"type":"${event.type}","v":1${via}}`,
  }
}

/**
 * The canonical bytes and their SHA-256, at this place in the chain.
 *
 * @param openSince for a pending call: the entry of the oldest call that has no stored outcome before this commit, or
 *   this entry. It lets a restart find every call that a crash left open without reading the whole log.
 */
export function sealDraft(draft: Draft, seq: number, prevHash: string, openSince?: number): SealedEntry {
  const open = openSince === undefined ? '' : `"open_since":${openSince},`
  const upToHash = `${draft.beforeOpenSince}${open}${draft.beforePrevHash}"prev_hash":"${prevHash}",`
  const body = `${upToHash}${draft.beforeSeq}"seq":${seq},${draft.afterSeq}`
  return { body, hash: sha256Hex(body) }
}

/** The outcome of a call whose real outcome nobody recorded, carrying over who asked for what. */
export function toInterrupted(pending: PendingInvocation, reason: string): InvocationOutcome {
  const { request_id, correlation_id, actor, via, tool, target, call } = pending
  return {
    type: 'tool_invocation',
    status: 'interrupted',
    call,
    request_id,
    tool,
    reason,
    ...(correlation_id !== undefined && { correlation_id }),
    ...(actor !== undefined && { actor }),
    ...(via !== undefined && { via }),
    ...(target !== undefined && { target }),
  }
}

function toProperties(fields: Fields, names: readonly (keyof Fields)[]): string {
  let text = ''
  for (const name of names) {
    const value = fields[name]
    if (value !== undefined) {
      text += `"${name}":${toText(value)},`
    }
  }
  return text
}

function toText(value: unknown): string {
  // depth 1: the whole entry around it must not nest deeper than a verifier reads
  return canonicalJson(value, replaceUnfit, 1)
}

function replaceUnfit(value: unknown): string | number | null {
  switch (typeof value) {
    case 'string':
      return value.toWellFormed()
    case 'number':
      return value === 0 ? 0 : null
    default:
      return '[unrecordable]'
  }
}
