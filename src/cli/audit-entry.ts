import { loadAuditPublicKeys } from '../config/key-files.js'
import { auditCommand } from './audit.js'
import type { Command } from './command.js'
import { withStore } from './state-file.js'

/** `aegis audit` with the settings it needs. */
export const auditEntry: Command = {
  name: auditCommand.name,
  summary: auditCommand.summary,
  usage: auditCommand.usage,
  run: async (args, io) => {
    // refuses a database of another version before anything is read from it
    const databasePath = await withStore(io, { readonly: true }, (_store, path) => path)
    return auditCommand.run(args, {
      databasePath,
      auditPublicKeys: loadAuditPublicKeys(databasePath, io.env.AUDIT_SIGNING_KEY_PATH || undefined),
      stdout: io.stdout,
      stderr: io.stderr,
    })
  },
}
