/*
 * Letters that look like other letters, so that a deny rule for `secrets` also holds for a name that only looks like
 * it. Not the whole of Unicode's confusables: what NFKC does not already fold (fullwidth, mathematical, ligatures)
 * and what fonts really draw alike in file names.
 */

/** For each character those that imitate it: Cyrillic, Greek, Armenian, Cherokee, Lisu, letters with strokes. */
const IMITATIONS: readonly (readonly [string, string])[] = [
  ['a', 'аαɑᴀɐᎪꓮ'],
  ['b', 'ЬьвβʙɓƅВΒᏴᏼꓐ'],
  ['c', 'сϲᴄСϹᏟꓚⅽ'],
  ['d', 'ԁđɗɖᴅᎠꓓԀժ'],
  ['e', 'еεҽᴇЕΕᎬꓰєѐ'],
  ['f', 'ƒꜰϝϜꓝք'],
  ['g', 'ɡɢɠցԍᏀꓖ'],
  ['h', 'һհнɦʜħНΗᎻꓧҺ'],
  ['i', 'іιıɩɪІΙӏӀᎥǀǃ'],
  ['j', 'јϳᴊʝЈͿᎫꓙյ'],
  ['k', 'кκᴋКΚᏦꓗқ'],
  ['l', 'ʟłɭɫᏞꓡլŀ'],
  ['m', 'мᴍМΜϺᎷꓟ'],
  ['n', 'ոɴпηΝꓠ'],
  ['o', 'оοօᴏσОΟՕഠⲟꓳøØ'],
  ['p', 'рρᴘРΡᏢꓑ'],
  ['q', 'ԛգԚ'],
  ['r', 'гʀᴦᎡᏒꓣɼ'],
  ['s', 'ѕꜱʂЅՏᏚꓢ'],
  ['t', 'тτᴛТΤᎢꓔŧ'],
  ['u', 'υսᴜʋՍꓴ'],
  ['v', 'ѵνᴠѴᏙꓦ'],
  ['w', 'ԝաωᴡԜᎳꓪѡ'],
  ['x', 'хχХΧꓫҳ'],
  ['y', 'уүγʏУΥᎩꓬ'],
  ['z', 'ᴢʐΖᏃꓜ'],
  ['/', '⁄∕╱⧸⟋⼃〳᜵'],
  ['.', '·•․ꓸ᎐'],
  ['-', '‐‑‒–—−⁃﹘➖'],
  ['_', '﹍﹎﹏'],
  [':', '∶ː˸։'],
]
const LOOKALIKES = new Map(IMITATIONS.flatMap(([real, imitations]) => [...imitations].map((letter) => [letter, real])))

const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu
// the general combining marks only: in Indic scripts marks are letters of their own
const ACCENTS = /[\u0300-\u036f]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is "all of ASCII"
const ASCII = /^[\x00-\x7f]*$/

/**
 * Every form a careful reader could take `text` for: compatibility forms folded, invisible characters and accents
 * gone, look-alikes as the letters they imitate, lower case. Two forms, because a capital may resemble another letter
 * than its small one (Greek Ν and ν). Plain ASCII has exactly one.
 */
export function fold(text: string): readonly string[] {
  if (ASCII.test(text)) {
    return [text.toLowerCase()]
  }
  const plain = text.normalize('NFKD').replace(INVISIBLE, '').replace(ACCENTS, '').normalize('NFKC')
  const forms = [imitate(plain.toLowerCase()), imitate(plain).toLowerCase()]
  return [...new Set(forms)]
}

function imitate(text: string): string {
  let out = ''
  for (const letter of text) {
    out += LOOKALIKES.get(letter) ?? letter
  }
  return out
}
