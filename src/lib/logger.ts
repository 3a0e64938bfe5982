import { type DestinationStream, destination, type Logger, pino, stdSerializers } from 'pino'
import { KIB, SECOND } from './units.js'

export type { Logger } from 'pino'

const LEVELS = { DEBUG: 'debug', INFO: 'info', WARNING: 'warn', ERROR: 'error', CRITICAL: 'fatal' } as const
export type LogLevel = keyof typeof LEVELS

/** Field names whose values are never written, whatever object they sit in. */
const SENSITIVE = new Set([
  'authorization',
  'cookie',
  'token',
  'access_token',
  'refresh_token',
  'id_token',
  'client_secret',
  'code',
  'code_verifier',
  'password',
  'secret',
  'state',
])

/** Objects nested deeper are not looked into; log fields are flat, and errors carry their extras one level down. */
const MAX_DEPTH = 4

/**
 * JSON lines on stdout, written in pieces: at once when there are 12 KiB, else within a second; `flush()` for lines that
 * someone waits for. Messages are constants, data is in fields.
 *
 * @param stream where lines go instead of stdout, for tests
 */
export function createLogger(level: LogLevel, stream?: DestinationStream): Logger {
  return pino(
    {
      level: LEVELS[level],
      base: null,
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }), log: (fields) => censor(fields, 0) },
      messageKey: 'event',
    },
    stream ?? destination({ dest: 1, sync: false, minLength: 12 * KIB, periodicFlush: SECOND }),
  )
}

/** A logger that writes nothing. */
export function createSilentLogger(): Logger {
  return pino({ level: 'silent' })
}

/**
 * The same object when it holds nothing sensitive, which is nearly always: pino's own `redact` copies every line's
 * fields, a quarter of all the memory a guarded call allocated.
 */
function censor(fields: Record<string, unknown>, depth: number): Record<string, unknown> {
  let shown = fields
  for (const key of Object.keys(fields)) {
    const value = fields[key]
    const kept = SENSITIVE.has(key) ? '***' : censorValue(value, depth)
    if (kept !== value) {
      shown = shown === fields ? { ...fields } : shown
      shown[key] = kept
    }
  }
  return shown
}

function censorValue(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth >= MAX_DEPTH) {
    return value
  }
  if (value instanceof Error) {
    return censor({ ...stdSerializers.err(value) }, depth + 1)
  }
  if (Array.isArray(value)) {
    return value.map((item) => censorValue(item, depth + 1))
  }
  return isPlain(value) ? censor(value, depth + 1) : value
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
