const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/**
 * Whether arrays and objects in a JSON text are nested deeper than `max`. Parsing survives any depth, and what walks
 * the value afterwards, call by call, does not. Looks at brackets outside strings only; says nothing about the rest.
 *
 * @param json UTF-8
 */
export function isNestedDeeper(json: Buffer, max: number): boolean {
  let depth = 0
  let isInString = false
  for (let at = 0; at < json.length; at++) {
    const byte = json[at] ?? 0
    if (isInString) {
      if (byte === BACKSLASH) {
        at += 1
      } else if (byte === QUOTE) {
        isInString = false
      }
    } else if (byte === QUOTE) {
      isInString = true
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      depth += 1
      if (depth > max) {
        return true
      }
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      depth -= 1
    }
  }
  return false
}
