import type { AuditLog } from '../audit/log.js'
import type { SecurityEvent } from '../audit/record.js'
import type { Logger } from '../lib/logger.js'
import type { OAuthEvent } from '../oauth/events.js'

/** What happens in the authorization server, into the audit log; what others wrote goes to the server log only. */
export function recordOAuthEvent(event: OAuthEvent, audit: AuditLog, log: Logger): void {
  if ('detail' in event) {
    log.info({ kind: event.type, detail: event.detail }, 'oauth_detail')
  }
  // refused requests come from anyone; they are logged and counted, not written into the chain
  if (event.type === 'request_refused') {
    return
  }
  audit.recordSoon(toSecurityEvent(event))
}

function toSecurityEvent(event: Exclude<OAuthEvent, { type: 'request_refused' }>): SecurityEvent {
  const type = 'security_event'
  switch (event.type) {
    case 'client_registered':
      return { type, reason: event.type, actor: { client: event.clientId, client_name: event.clientName } }
    case 'signed_in':
      return { type, reason: event.type, actor: { account: event.accountId, login: event.login } }
    case 'sign_in_failed':
      return { type, reason: event.type, details: { outcome: event.outcome } }
    case 'client_allowed': {
      const { type: _type, accountId, clientId, clientName, ...consent } = event
      return {
        type,
        reason: event.type,
        actor: { account: accountId, client: clientId, client_name: clientName },
        details: { ...consent },
      }
    }
    case 'client_denied':
      return { type, reason: event.type, actor: { account: event.accountId, client: event.clientId } }
    case 'token_reused':
      return {
        type,
        reason: event.type,
        actor: { client: event.clientId, ...(event.accountId === undefined ? {} : { account: event.accountId }) },
        details: { grant: event.grantId },
      }
    case 'account_revoked':
      return {
        type,
        reason: event.type,
        actor: { account: event.accountId },
        details: { because: event.reason, grants: event.grants },
      }
  }
}
