/**
 * Text a stranger chose, made fit to stand on our pages: one line, bounded, and nothing in it that is not seen.
 * Escaping is the renderer's; this is against text that lies to the eye.
 */

const MAX_NAME_CHARS = 50
/**
 * Controls, format characters (bidi overrides, joiners, tags), surrogates, private use, separators, blank letters; and
 * symbols such as ✓ and ☑, which read as a badge of ours.
 */
const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{So}\u115F\u1160\u2800\u3164\uFFA0]|[\uFE00-\uFE0F]|[\u{E0100}-\u{E01EF}]/gu
/** More than two marks on one letter are drawn over the lines around them. */
const STACKED_MARKS = /(\p{M}{2})\p{M}+/gu
/** A name that closes our quotation could go on in our voice. */
const QUOTES = /["“”„‟«»]/gu

/** A name in the form it is shown; never empty. */
export function toDisplayName(text: string): string {
  const line = text
    .replace(/[\t\r\n]/g, ' ')
    .normalize('NFC')
    .replace(UNSEEN, '')
    .replace(STACKED_MARKS, '$1')
    .replace(QUOTES, "'")
    .replace(/\p{Zs}+/gu, ' ')
    .trim()
  const chars = [...line]
  if (chars.length === 0) {
    return 'Unnamed client'
  }
  return chars.length > MAX_NAME_CHARS
    ? `${chars
        .slice(0, MAX_NAME_CHARS - 1)
        .join('')
        .trimEnd()}…`
    : line
}

const MAX_PATH_CHARS = 80

/** An address in the parts people compare: who owns the host is at its end. */
export interface DisplayAddress {
  /** The labels before `owner`, with their dot; may be empty. */
  readonly subdomain: string
  /** The last labels of the host (ASCII form), with the port. */
  readonly owner: string
  /** Bounded; empty for the root. Queries are not shown. */
  readonly path: string
}

/** @param uri an http or https address */
export function toDisplayAddress(uri: string): DisplayAddress {
  const url = new URL(uri)
  const port = url.port === '' ? '' : `:${url.port}`
  const labels = url.hostname.split('.')
  // co.uk and the like: a short label before a country's belongs to the registry
  const isShared = labels.at(-1)?.length === 2 && (labels.at(-2)?.length ?? 4) <= 3
  const count = /^[\d.]+$|^\[/.test(url.hostname) ? labels.length : isShared ? 3 : 2
  const owner = labels.slice(-count).join('.')
  const path = url.pathname === '/' ? '' : url.pathname
  return {
    subdomain: url.hostname.slice(0, url.hostname.length - owner.length),
    owner: owner + port,
    path: path.length > MAX_PATH_CHARS ? `${path.slice(0, MAX_PATH_CHARS - 1)}…` : path,
  }
}
