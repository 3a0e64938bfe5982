import { boundText } from '../redact/bounds.js'
import { showInvisible } from '../redact/invisible.js'
import { createRedactor, type SecretMode } from '../redact/secrets.js'
import { frameUntrusted } from '../redact/untrusted.js'
import type { ToolAnswer } from '../tools/define-tool.js'

/** An answer that may leave. */
export interface PreparedAnswer {
  readonly text: string
  readonly data: Record<string, unknown>
  /** How many secrets were masked or blocked. */
  readonly masked: number
}

export interface Outbound {
  /** Step 12: secrets first, then what cannot be seen, then the length, then the marks that say it is data. */
  prepare(answer: ToolAnswer): PreparedAnswer
  /** Arguments as the audit log keeps them: secrets masked, long values cut. */
  summarize(args: unknown): unknown
}
