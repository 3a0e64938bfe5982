import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { showInvisible } from '../../src/redact/invisible.js'

describe('characters that hide or reorder text', () => {
  test.each([
    ['zero-width space', 'a\u200bb', 'a⟨U+200B⟩b'],
    ['zero-width joiner between letters', 'a\u200db', 'a⟨U+200D⟩b'],
    ['right-to-left override', 'if (a \u202e// b', 'if (a ⟨U+202E⟩// b'],
    ['isolates', '\u2066x\u2069', '⟨U+2066⟩x⟨U+2069⟩'],
    ['direction marks', 'a\u200e\u200f\u061cb', 'a⟨U+200E⟩⟨U+200F⟩⟨U+061C⟩b'],
    ['soft hyphen', 'pass\u00adword', 'pass⟨U+00AD⟩word'],
    ['word joiner', 'a\u2060b', 'a⟨U+2060⟩b'],
    ['byte order mark', '\ufeffa', '⟨U+FEFF⟩a'],
    ['Hangul fillers', '\u3164\uffa0\u115f', '⟨U+3164⟩⟨U+FFA0⟩⟨U+115F⟩'],
    ['empty Braille', 'a\u2800b', 'a⟨U+2800⟩b'],
    ['line separator', 'a\u2028b', 'a⟨U+2028⟩b'],
    ['NUL and other controls', 'a\u0000\u0007\u007f\u0085b', 'a⟨U+0000⟩⟨U+0007⟩⟨U+007F⟩⟨U+0085⟩b'],
    ['terminal colours', '\u001b[31mred\u001b[0m', '⟨U+001B⟩[31mred⟨U+001B⟩[0m'],
    ['a carriage return that overwrites', 'good\rbad', 'good⟨U+000D⟩bad'],
    ['a variation selector on a letter', 'a\ufe0fb', 'a⟨U+FE0F⟩b'],
    ['variation selectors as a cipher', '😀\u{e0148}\u{e0155}', '😀⟨U+E0148⟩⟨U+E0155⟩'],
    ['a half of a character', 'a\ud800b', 'a⟨U+D800⟩b'],
    ['a run of one of them', `a${'\u200b'.repeat(4000)}b`, 'a⟨U+200B ×4000⟩b'],
    ['a flag with other tags', '\u{1f3f4}\u{e0068}\u{e0069}\u{e007f}', '\u{1f3f4}⟨U+E0068⟩⟨U+E0069⟩⟨U+E007F⟩'],
    ['a joiner in front of an emoji', 'a\u200d😀', 'a⟨U+200D⟩😀'],
  ])('are shown: %s', (_what, text, shown) => {
    expect(showInvisible(text)).toBe(shown)
  })

  it('are shown when whole sentences hide in tags', () => {
    const hidden = [...'ignore'].map((letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0))).join('')

    expect(showInvisible(`Hello${hidden}!`)).toBe('Hello⟨U+E0069⟩⟨U+E0067⟩⟨U+E006E⟩⟨U+E006F⟩⟨U+E0072⟩⟨U+E0065⟩!')
  })
})

describe('what scripts and emoji need', () => {
  test.each([
    ['plain text', 'const a = 1\n\tb()\n'],
    ['accents and other scripts', 'Grüße, 日本語, Привет, مرحبا, שלום, สวัสดี'],
    ['emoji', '😀 👍🏽 ❤️ ✔︎ 1️⃣ #️⃣'],
    ['families', '👨‍👩‍👧‍👦 👩🏽‍💻 🏳️‍🌈 ❤️‍🔥 🧑‍🚀'],
    ['flags', '🇩🇪 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🏴󠁧󠁢󠁳󠁣󠁴󠁿 🏴󠁧󠁢󠁷󠁬󠁳󠁿'],
    ['Persian spelling', 'می‌خواهم'],
    ['Hindi conjuncts', 'क्‍ष'],
    ['variants of ideographs', '葛\u{e0100}'],
  ])('stays: %s', (_what, text) => {
    expect(showInvisible(text)).toBe(text)
  })

  it('lines that end with CR LF end with LF', () => {
    expect(showInvisible('a\r\nb\r\n')).toBe('a\nb\n')
  })
})

describe('for every text', () => {
  it('nothing is left that could be shown, and what was shown is not shown twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
        const once = showInvisible(text)

        expect(once.isWellFormed()).toBe(true)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
        expect(once).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/)
        expect(showInvisible(once)).toBe(once)
      }),
      { numRuns: 3000 },
    )
  })
})
