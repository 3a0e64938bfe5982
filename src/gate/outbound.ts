import { cutText } from '../redact/bounds.js'
import { showInvisible } from '../redact/invisible.js'
import { createRedactor, type SecretCount, type SecretMode } from '../redact/secrets.js'
import { frameUntrusted } from '../redact/untrusted.js'
import { redactValue } from '../redact/value.js'
import type { ToolAnswer } from '../tools/define-tool.js'

/** An answer that may leave. */
export interface PreparedAnswer {
  /** For models. */
  readonly text: string
  /** For programs; only where they asked, because redacting it costs as much as the text. */
  readonly data?: Record<string, unknown>
  /** How many secrets were masked or blocked. */
  readonly masked: number
}

/** Lines for a model, data for a program, or data that a model's client shows it. */
export type AnswerForm = 'text' | 'data' | 'json'

export interface Outbound {
  /** Step 12: secrets first, then what cannot be seen, then the length, then the marks that say it is data. */
  prepare(answer: ToolAnswer, form: AnswerForm): PreparedAnswer
  /** Masks secrets in text that a tool is about to cut a piece out of: half a secret is not recognised any more. */
  mask(text: string): { readonly text: string; readonly masked: number }
  /** Arguments as the audit log keeps them: secrets masked, long values cut. */
  summarize(args: unknown): unknown
}

/** Bounds of one call's arguments in the audit log. */
const AUDIT_BOUNDS = { maxString: 300, maxDepth: 4, maxNodes: 60 }

export function createOutbound({ mode, maxChars }: { readonly mode: SecretMode; readonly maxChars: number }): Outbound {
  const redact = createRedactor(mode)
  // the log is read by more people than the answer was meant for, so switching masking off does not reach it
  const redactForAudit = createRedactor('mask')
  return {
    prepare: (answer, form) => {
      if (form === 'data') {
        const { value, found } = redactValue(answer.data, redact)
        return { text: '', data: toRecord(value), masked: toTotal(found) }
      }
      if (form === 'json') {
        const { value, found } = redactValue(answer.data, redact)
        const data = toRecord(mapStrings(value, showInvisible))
        // what the client hands to its model as the document; the rest are short names
        const framed = typeof data.text === 'string' ? { ...data, text: frameUntrusted(data.text) } : data
        return { text: JSON.stringify(framed), data: framed, masked: toTotal(found) }
      }
      const { text, found } = redact(answer.text)
      const { text: bounded, left } = cutText(showInvisible(text), maxChars)
      const shown = left === 0 ? bounded : `${bounded}\n… ${left} more characters do not fit; ask for a smaller part.`
      return { text: frameUntrusted(shown), masked: toTotal(found) }
    },
    mask: (text) => {
      const { text: masked, found } = redact(text)
      return { text: masked, masked: toTotal(found) }
    },
    summarize: (args) => redactValue(args, redactForAudit, AUDIT_BOUNDS).value,
  }
}

function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, change))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, change)]))
}

function toTotal(found: readonly SecretCount[]): number {
  return found.reduce((sum, { count }) => sum + count, 0)
}

function toRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : { value }
}
