/*
 * Shows what a person looking at the text would not see: characters that hide, reorder or overwrite text are how
 * instructions for models and misleading code are slipped past reviewers. What scripts and emoji need stays.
 */

/** First and last code point of each range. */
const RANGES: readonly (readonly [number, number])[] = [
  // controls but tab and newline; \r\n is taken care of before
  [0x00, 0x08],
  [0x0b, 0x1f],
  [0x7f, 0x9f],
  // soft hyphen, grapheme joiner, Arabic letter mark
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  // fillers and vowels that are drawn as nothing
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x2800, 0x2800],
  [0x3164, 0x3164],
  [0xffa0, 0xffa0],
  // Mongolian and general variation selectors
  [0x180b, 0x180f],
  [0xfe00, 0xfe0f],
  // zero width, direction marks, line separators, embeddings and overrides, isolates, invisible operators
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  // byte order mark, interlinear marks
  [0xfeff, 0xfeff],
  [0xfff0, 0xfffb],
  // shorthand and musical formatting, tags and the variation selectors after them
  [0x1bca0, 0x1bca3],
  [0x1d173, 0x1d17a],
  [0xe0000, 0xe0fff],
  // halves of characters
  [0xd800, 0xdfff],
]

const SUSPECT = new RegExp(
  `[${RANGES.map(([first, last]) => `\\u{${first.toString(16)}}-\\u{${last.toString(16)}}`).join('')}]+`,
  'gu',
)

const PLAIN = /^[\t\n\x20-\x7e]*$/

/** Whether a UTF-16 unit may begin one of them: a look-up costs a tenth of what the expression does. */
const MAY_BEGIN = toUnitTable()

function toUnitTable(): Uint8Array {
  const table = new Uint8Array(0x10000)
  for (const [first, last] of RANGES) {
    if (first === 0xd800) {
      continue // whole pairs are harmless; halves are found by isWellFormed
    }
    for (let code = first; code <= last; code++) {
      table[String.fromCodePoint(code).charCodeAt(0)] = 1
    }
  }
  return table
}

/** Whether a text is worth a closer look; most are not. */
function mayHoldSuspect(text: string): boolean {
  if (PLAIN.test(text)) {
    return false
  }
  for (let i = 0; i < text.length; i++) {
    if (MAY_BEGIN[text.charCodeAt(i)] === 1) {
      return true
    }
  }
  return !text.isWellFormed()
}

const ZWNJ = '\u200c'
const ZWJ = '\u200d'
const TEXT_STYLE = '\ufe0e'
const EMOJI_STYLE = '\ufe0f'

const EMOJI_END = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}#*0-9]$/u
const STYLED_EMOJI_END = /\p{Emoji}\ufe0f$|[\p{Extended_Pictographic}\p{Emoji_Modifier}]$/u
const EMOJI_START = /^\p{Extended_Pictographic}/u
/** Scripts whose spelling needs the joiners. */
const JOINING =
  /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}]/u
const HAN_END = /\p{Script=Han}$/u
/** The flags of England, Scotland and Wales are a black flag followed by tags; no other tag sequence is in use. */
const FLAG_TAGS =
  /^\u{e0067}\u{e0062}(?:\u{e0065}\u{e006e}\u{e0067}|\u{e0073}\u{e0063}\u{e0074}|\u{e0077}\u{e006c}\u{e0073})\u{e007f}$/u
const BLACK_FLAG = '\u{1f3f4}'

/** Enough before and after for the longest character in question. */
const CONTEXT = 8

/**
 * Replaces each invisible or direction-changing character by its code point, as in `⟨U+202E⟩`; a run of the same one
 * is counted (`⟨U+200B ×40⟩`). Line ends written CR LF become LF; a lone CR is shown, because it overwrites a line.
 */
export function showInvisible(text: string): string {
  if (!mayHoldSuspect(text)) {
    return text
  }
  const unix = text.includes('\r\n') ? text.replaceAll('\r\n', '\n') : text
  return unix.replace(SUSPECT, (run, at: number) => {
    const before = unix.slice(Math.max(0, at - CONTEXT), at)
    const after = unix.slice(at + run.length, at + run.length + CONTEXT)
    return belongs(run, before, after) ? run : show(run)
  })
}

/** Whether the run is part of how an emoji or a word of its script is written. */
function belongs(run: string, before: string, after: string): boolean {
  switch (run) {
    case EMOJI_STYLE:
    case TEXT_STYLE:
      return EMOJI_END.test(before)
    case ZWJ:
      return (STYLED_EMOJI_END.test(before) && EMOJI_START.test(after)) || isInsideWord(before, after)
    case `${EMOJI_STYLE}${ZWJ}`:
      return EMOJI_END.test(before) && EMOJI_START.test(after)
    case ZWNJ:
      return isInsideWord(before, after)
    default:
      return (before.endsWith(BLACK_FLAG) && FLAG_TAGS.test(run)) || (HAN_END.test(before) && isIdeographVariant(run))
  }
}

function isInsideWord(before: string, after: string): boolean {
  return JOINING.test(lastCharacter(before)) && JOINING.test(after.slice(0, 1))
}

function lastCharacter(text: string): string {
  return [...text].at(-1) ?? ''
}

function isIdeographVariant(run: string): boolean {
  const code = run.codePointAt(0) ?? 0
  return [...run].length === 1 && code >= 0xe0100 && code <= 0xe01ef
}

function show(run: string): string {
  let shown = ''
  let previous = ''
  let times = 0
  const flush = () => {
    if (times > 0) {
      shown += `⟨${toCodePoint(previous)}${times > 1 ? ` ×${times}` : ''}⟩`
    }
  }
  for (const character of run) {
    if (character === previous) {
      times += 1
    } else {
      flush()
      previous = character
      times = 1
    }
  }
  flush()
  return shown
}

function toCodePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}
