import { type DestinationStream, destination, type Logger, pino } from 'pino'
import { KIB, SECOND } from './units.js'

export type { Logger } from 'pino'

const LEVELS = { DEBUG: 'debug', INFO: 'info', WARNING: 'warn', ERROR: 'error', CRITICAL: 'fatal' } as const
export type LogLevel = keyof typeof LEVELS

/** Field names whose values are never written, whatever object they sit in. */
const SENSITIVE = [
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
]

/**
 * JSON lines on stdout, written in pieces: at once when there are 4 KiB, else within a second; `flush()` for lines that
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
      formatters: { level: (label) => ({ level: label }) },
      messageKey: 'event',
      redact: { paths: SENSITIVE.flatMap((key) => [key, `*.${key}`]), censor: '***' },
    },
    stream ?? destination({ dest: 1, sync: false, minLength: 4 * KIB, periodicFlush: SECOND }),
  )
}

/** A logger that writes nothing. */
export function createSilentLogger(): Logger {
  return pino({ level: 'silent' })
}
