/*
 * What the index knows of a text: its pieces of three characters, in SQLite's own trigram index, which find anything, and
 * a sieve of its runs of five, which tells apart what is made of common pieces: few texts that have all of a name's runs
 * do not have the name. The sieve is a Bloom filter with one hash: as long as a quarter of the text, a fifth of its bits
 * set, asked only about the texts that the trigrams leave. Of a long text's sieve a single part is enough to say no.
 */

const TRIGRAM = 3
const RUN = 5
/** Two bits for each character, of which some half are runs that differ. */
const BITS_PER_UNIT = 2
const LEAST_BYTES = 8
/** Longer sieves are in several parts, by the hash. */
const PART_BYTES = 2048
/** How many parts there are, at the beginning of each. */
const HEAD_BYTES = 2
/** More of them cost the index more than the sieves that they spare. */
const MOST_TRIGRAMS = 8

/** The sieve of a text's runs, in parts. */
export function toSieve(text: string): Buffer[] {
  const units = toUnits(text)
  const bytes = Math.max(LEAST_BYTES, Math.ceil((units.length * BITS_PER_UNIT) / 8))
  const count = Math.min(0xffff, Math.ceil(bytes / PART_BYTES))
  const size = Math.ceil(bytes / count)
  const parts = Array.from({ length: count }, () => Buffer.alloc(HEAD_BYTES + size))
  for (const part of parts) part.writeUInt16LE(count)
  for (let at = 0; at <= units.length - RUN; at += 1) {
    const hash = toHash(units, at)
    const part = parts[hash % count]
    if (part === undefined) continue
    const bit = toBit(hash, count, size)
    const byte = HEAD_BYTES + (bit >> 3)
    part[byte] = (part[byte] ?? 0) | (1 << (bit & 7))
  }
  return parts
}

function toBit(hash: number, count: number, size: number): number {
  return Math.floor(hash / count) % (size * 8)
}

/** The hashes of those pieces that are runs. */
export function toRunHashes(pieces: readonly string[]): number[] {
  return pieces.filter((piece) => piece.length === RUN).map((piece) => toHash(toUnits(piece), 0))
}

/**
 * False only when the text lacks one of the runs.
 *
 * @param readPart of the text's sieve; undefined when it has none
 */
export function mayHoldRuns(readPart: (part: number) => Buffer | undefined, hashes: readonly number[]): boolean {
  const first = readPart(0)
  if (first === undefined) return true
  const count = first.readUInt16LE()
  const parts = new Map([[0, first]])
  return hashes.every((hash) => {
    const number = hash % count
    const part = parts.get(number) ?? readPart(number)
    if (part === undefined) return true
    parts.set(number, part)
    const bit = toBit(hash, count, part.length - HEAD_BYTES)
    return ((part[HEAD_BYTES + (bit >> 3)] ?? 0) & (1 << (bit & 7))) !== 0
  })
}

/** What the trigram index is asked for: the ends of the pieces, or some of them where they are many. */
export function toTrigramQuery(pieces: readonly string[]): string {
  const all = [...new Set(pieces.flatMap((piece) => [piece.slice(0, TRIGRAM), piece.slice(-TRIGRAM)]))]
  const step = Math.max(1, all.length / MOST_TRIGRAMS)
  const some = all.filter((_, at) => Math.floor(at / step) !== Math.floor((at - 1) / step))
  return some.map((trigram) => `"${trigram.replaceAll('"', '""')}"`).join(' AND ')
}

/** UTF-16, with ASCII letters in lower case. */
function toUnits(text: string): Uint16Array {
  const units = new Uint16Array(text.length)
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    units[at] = unit >= 65 && unit <= 90 ? unit + 32 : unit
  }
  return units
}

/** 32 bits of the run that begins at `start`, each of which knows the whole of it. */
function toHash(units: Uint16Array, start: number): number {
  let hash = 0
  for (let at = start; at < start + RUN; at += 1) hash = Math.imul(hash ^ (units[at] ?? 0), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  hash = Math.imul(hash ^ (hash >>> 13), 0x297a2d39)
  return (hash ^ (hash >>> 16)) >>> 0
}
