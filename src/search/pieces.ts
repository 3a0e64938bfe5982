/*
 * What the index knows of a text: its pieces of three characters, which find anything, and its runs of five, which tell
 * apart what is made of common pieces: few texts that have all of a name's runs do not have the name.
 */

const TRIGRAM = 3
const RUN = 5
/** Of five bits each. Two pieces that share a word only make for more files to look at. */
const TRIGRAM_DIGITS = 4
const RUN_DIGITS = 5
const TRIGRAM_SHIFT = 32 - 5 * TRIGRAM_DIGITS
const DIGITS = Buffer.from('abcdefghijklmnopqrstuvwxyz234567')
const SPACE = 0x20

/** The words that the index keeps of a text, with spaces between them. */
export function toIndexWords(text: string): string {
  const units = toUnits(text)
  const words = Buffer.allocUnsafe(units.length * (TRIGRAM_DIGITS + RUN_DIGITS + 2))
  const seen = new Uint8Array(2 ** (5 * TRIGRAM_DIGITS - 3))
  let end = 0
  for (let at = 0; at <= units.length - TRIGRAM; at += 1) {
    const trigram = toHash(units, at, TRIGRAM)
    const bit = trigram >>> TRIGRAM_SHIFT
    const bits = seen[bit >> 3] ?? 0
    if ((bits & (1 << (bit & 7))) === 0) {
      seen[bit >> 3] = bits | (1 << (bit & 7))
      end = writeWord(words, end, trigram, TRIGRAM_DIGITS)
    }
    if (at > units.length - RUN) continue
    // the index itself knows a word that it has had, and asks less for it than a set here
    end = writeWord(words, end, toHash(units, at, RUN), RUN_DIGITS)
  }
  return words.toString('latin1', 0, Math.max(0, end - 1))
}

/** The word of one piece, of three characters or of five. */
export function toIndexWord(piece: string): string {
  const word = Buffer.alloc(RUN_DIGITS + 1)
  const digits = piece.length === TRIGRAM ? TRIGRAM_DIGITS : RUN_DIGITS
  return word.toString('latin1', 0, writeWord(word, 0, toHash(toUnits(piece), 0, piece.length), digits) - 1)
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

/** 32 bits, each of which knows the whole piece. */
function toHash(units: Uint16Array, start: number, length: number): number {
  let hash = 0
  for (let at = start; at < start + length; at += 1) hash = Math.imul(hash ^ (units[at] ?? 0), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return Math.imul(hash ^ (hash >>> 13), 0x297a2d39)
}

/** The first digits of a hash and a space behind them; where the next word begins. */
function writeWord(words: Buffer, start: number, hash: number, digits: number): number {
  for (let digit = 0; digit < digits; digit += 1) words[start + digit] = DIGITS[(hash >>> (27 - 5 * digit)) & 31] ?? 0
  words[start + digits] = SPACE
  return start + digits + 1
}
