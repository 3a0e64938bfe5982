import type { AuditLog } from '../audit/log.js'
import type { Logger } from '../lib/logger.js'
import type { ClientImport } from '../oauth/imported-clients.js'

const MAX_SHOWN = 20

/** What became of the clients of the Python original, in one line for the operator and one audit entry. */
export function reportImport(result: ClientImport, path: string, audit: AuditLog, log: Logger): void {
  if (result.kind === 'unusable') {
    log.warn({ path, reason: result.problem }, 'clients_not_imported')
  }
  if (result.kind === 'imported') {
    const { clients, known, refused } = result
    log.info(
      { path, clients, known, refused: refused.slice(0, MAX_SHOWN), refused_count: refused.length },
      'clients_imported',
    )
    audit.recordSoon({
      type: 'security_event',
      reason: 'clients_imported',
      details: { clients, known, refused: refused.length },
    })
  }
}
