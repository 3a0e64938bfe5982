/**
 * One request of `setup` or `doctor`, and what became of it. A server that cannot be reached is a finding here and
 * not a fault, so nothing throws.
 */
import { systemClock } from '../lib/clock.js'
import { MIB, SECOND } from '../lib/units.js'
import { toErrorCode } from './command.js'

const TIMEOUT_MS = 10 * SECOND
const MAX_TEXT = MIB

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The other side's clock minus ours, in milliseconds; undefined when it does not tell the time. */
  readonly skewMs: number | undefined
}

/** `failure` completes the sentence “<address> cannot be reached: …”. */
export type Probe = { readonly answer: Answer } | { readonly failure: string; readonly isNobodyThere: boolean }

interface ProbeInit {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | URLSearchParams
}

/** Sends one request and follows no redirect. */
export async function probe(url: string, init: ProbeInit = {}): Promise<Probe> {
  const sentAt = systemClock.now()
  // every way in which a network can fail ends as words
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...init,
      // a kept connection that the other side has given up meanwhile would look like a broken server
      headers: { ...init.headers, connection: 'close' },
    })
    const answeredAt = systemClock.now()
    const text = (await response.text()).slice(0, MAX_TEXT)
    const date = Date.parse(response.headers.get('date') ?? '')
    const skewMs = Number.isNaN(date) ? undefined : toSkew(date, sentAt, answeredAt)
    return { answer: { status: response.status, headers: response.headers, text, skewMs } }
  } catch (error) {
    const codes = [error, error instanceof Error ? error.cause : undefined].flatMap(toCodes)
    return { failure: toWords(codes), isNobodyThere: codes.includes('ECONNREFUSED') }
  }
}

/** The date was written at some moment between sending and answering, and has lost its fraction of a second. */
function toSkew(date: number, sentAt: number, answeredAt: number): number {
  if (date + SECOND < sentAt) {
    return date + SECOND - sentAt
  }
  return date > answeredAt ? date - answeredAt : 0
}

/** A refused connection to a name with several addresses is an AggregateError around the single ones. */
function toCodes(error: unknown): string[] {
  const inner = error instanceof AggregateError ? error.errors.map(toErrorCode) : []
  const name = error instanceof Error && error.name === 'TimeoutError' ? ['TIMEOUT'] : []
  return [toErrorCode(error), ...inner, ...name].filter((code) => code !== '')
}

const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^(?:ENOTFOUND|EAI_AGAIN)$/, 'its name is not known here; look for a typing mistake, or at DNS'],
  [/^ECONNREFUSED$/, 'nothing listens there'],
  [/^(?:TIMEOUT|ETIMEDOUT|UND_ERR_(?:CONNECT|HEADERS|BODY)_TIMEOUT)$/, 'no answer within 10 seconds'],
  [/^(?:EHOSTUNREACH|ENETUNREACH)$/, 'there is no way to it from this network'],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'its TLS certificate is for another name'],
  [/^CERT_HAS_EXPIRED$/, 'its TLS certificate has expired'],
  [
    /^(?:SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_(?:GET_ISSUER_CERT|VERIFY_LEAF_SIGNATURE).*)$/,
    'its TLS certificate is from an authority that this computer does not trust; set NODE_EXTRA_CA_CERTS to its PEM file',
  ],
  [/^(?:EPROTO|ERR_SSL_.*)$/, 'it does not speak TLS there (http:// instead of https://, or another port?)'],
  [
    /^(?:HPE_.*|UND_ERR_SOCKET|ECONNRESET)$/,
    'it does not speak HTTP there (https:// instead of http://, or another port?)',
  ],
]

function toWords(codes: readonly string[]): string {
  const known = WORDS.find(([pattern]) => codes.some((code) => pattern.test(code)))
  return known?.[1] ?? `the request failed${codes.length > 0 ? ` (${codes.join(', ')})` : ''}`
}

/** The body as JSON, undefined when it is something else. */
export function findJson({ text }: Answer): unknown {
  // a page where JSON should be is a finding
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
