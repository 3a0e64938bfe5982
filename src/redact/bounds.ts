export interface BoundedText {
  readonly text: string
  /** Characters (UTF-16 units) that were cut off; 0 when it is all there. */
  readonly left: number
}

/**
 * Cuts to at most `maxChars` UTF-16 units: after a whole line where that keeps at least half of it, never inside a
 * code point. Redact before cutting: half a secret is not recognised as one.
 */
export function cutText(text: string, maxChars: number): BoundedText {
  if (text.length <= maxChars) {
    return { text, left: 0 }
  }
  const lineEnd = maxChars > 0 ? text.lastIndexOf('\n', maxChars - 1) + 1 : 0
  const end = lineEnd > 0 && lineEnd >= maxChars / 2 ? lineEnd : toCodePointEnd(text, Math.max(0, maxChars))
  return { text: text.slice(0, end), left: text.length - end }
}

function toCodePointEnd(text: string, end: number): number {
  const isInside = (text.codePointAt(end - 1) ?? 0) > 0xffff
  return isInside ? end - 1 : end
}
