/**
 * Text a stranger chose, made fit to stand on our pages: one line, bounded, and nothing in it that is not seen.
 * Escaping is the renderer's; this is against text that lies to the eye.
 */

const MAX_NAME_CHARS = 60
/** Controls, format characters (bidi overrides, joiners, tags), surrogates, private use, separators, blank letters. */
const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u115F\u1160\u2800\u3164\uFFA0]|[\uFE00-\uFE0F]|[\u{E0100}-\u{E01EF}]/gu
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

/** An address as people compare it: host in full (ASCII form), path bounded, no query. */
export function toDisplayAddress(uri: string): string {
  const url = new URL(uri)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return bound(`${url.protocol}//${url.host}${url.pathname}`.replace(/^(\S+:)\/\/(?=\/|$)/, '$1'))
  }
  return url.host + (url.pathname === '/' ? '' : bound(url.pathname))
}

function bound(path: string): string {
  return path.length > MAX_PATH_CHARS ? `${path.slice(0, MAX_PATH_CHARS - 1)}…` : path
}
