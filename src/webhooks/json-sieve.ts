/** What is kept of a document. */
interface SieveBounds {
  /** Of one string, keys among them; the rest of it is left out. */
  readonly maxStringBytes: number
  /** Of one array; further items are left out. */
  readonly maxItems: number
  readonly maxDepth: number
  /** Of the result; a document that stays larger is given up. */
  readonly maxBytes: number
}

export interface JsonSieve {
  push(chunk: Buffer): void
  /** The smaller document; undefined when it was too deep or too large. Whether it is JSON is for its parser to say. */
  end(): string | undefined
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const LETTER_U = 0x75
/** Stands for an object where an array counts its commas. */
const OBJECT = -1

/**
 * Makes a JSON text small while it arrives: the same document with long strings cut and long arrays shortened. Parsing
 * one of 5 MB at once would hold up everybody else for longer than all the rest of a delivery.
 */
export function createJsonSieve({ maxStringBytes, maxItems, maxDepth, maxBytes }: SieveBounds): JsonSieve {
  let out = Buffer.allocUnsafe(8192)
  let size = 0
  let isGivenUp = false
  /** For each open bracket, the commas of an array, or OBJECT. */
  const open: number[] = []
  let isInString = false
  let stringBytes = 0
  let isAfterBackslash = false
  let hexLeft = 0
  /** The rest of this string is left out. */
  let isCut = false
  /** The rest of the array at this depth is left out; 0 while nothing is. */
  let dropDepth = 0

  const keep = (chunk: Buffer, from: number, to: number) => {
    if (from < 0 || from >= to || isGivenUp) {
      return
    }
    const wanted = size + to - from
    if (wanted > maxBytes) {
      isGivenUp = true
      return
    }
    if (wanted > out.length) {
      const larger = Buffer.allocUnsafe(Math.max(wanted, out.length * 2))
      out.copy(larger, 0, 0, size)
      out = larger
    }
    size += chunk.copy(out, size, from, to)
  }

  /** @returns where the copied range begins after the character at `at`: -1 while nothing is copied */
  const stepInString = (chunk: Buffer, at: number, from: number): number => {
    const byte = chunk[at]
    if (isAfterBackslash) {
      isAfterBackslash = false
      hexLeft = byte === LETTER_U ? 4 : 0
    } else if (hexLeft > 0) {
      hexLeft -= 1
    } else if (byte === QUOTE) {
      isInString = false
      const begins = isCut ? at : from
      isCut = false
      return begins
    } else {
      isAfterBackslash = byte === BACKSLASH
      // never inside an escape or a character of several bytes
      if (!isCut && dropDepth === 0 && stringBytes >= maxStringBytes && ((byte ?? 0) & 0xc0) !== 0x80) {
        keep(chunk, from, at)
        isCut = true
        return -1
      }
    }
    stringBytes += 1
    return from
  }

  const stepOutside = (chunk: Buffer, at: number, from: number): number => {
    switch (chunk[at]) {
      case QUOTE:
        isInString = true
        stringBytes = 0
        return from
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        open.push(chunk[at] === OPEN_ARRAY ? 0 : OBJECT)
        isGivenUp ||= open.length > maxDepth
        return from
      case CLOSE_ARRAY:
      case CLOSE_OBJECT: {
        const ends = open.length === dropDepth
        open.pop()
        if (dropDepth > 0 && ends) {
          dropDepth = 0
          return at
        }
        return from
      }
      case COMMA: {
        const commas = open.at(-1) ?? OBJECT
        if (dropDepth > 0 || commas === OBJECT) {
          return from
        }
        open[open.length - 1] = commas + 1
        if (commas + 1 < maxItems) {
          return from
        }
        keep(chunk, from, at)
        dropDepth = open.length
        return -1
      }
      default:
        return from
    }
  }

  return {
    push: (chunk) => {
      const end = chunk.length
      let from = dropDepth > 0 || isCut ? -1 : 0
      for (let at = 0; at < end && !isGivenUp; at++) {
        if (!isInString) {
          from = stepOutside(chunk, at, from)
          continue
        }
        if (!isAfterBackslash && hexLeft === 0) {
          // most bytes are plain ones of a string: up to the next that means something, or to where it is cut
          const start = at
          const stop = isCut || dropDepth > 0 ? end : Math.min(end, at + Math.max(0, maxStringBytes - stringBytes))
          while (at < stop && chunk[at] !== QUOTE && chunk[at] !== BACKSLASH) {
            at += 1
          }
          stringBytes += at - start
          if (at === end) {
            break
          }
        }
        from = stepInString(chunk, at, from)
      }
      keep(chunk, from, end)
    },
    end: () => (isGivenUp ? undefined : out.toString('utf8', 0, size)),
  }
}
