import picomatch from 'picomatch'
import { fold } from './lookalikes.js'

/*
 * Globs of the policy, checked and compiled once. Only forms whose meaning is plain and whose cost is bounded are
 * taken: picomatch would accept more, and some of it (an unclosed brace) it compiles to a pattern that never matches,
 * which in a deny list would be a hole.
 */

const OPTIONS = { dot: true, nonegate: true, noextglob: true, windows: false, debug: true } as const
const MAX_GLOB = 200
const MAX_STARS = 3
// picomatch escapes `%`, `~` and others that Unicode mode, in which `?` is one whole character, does not let escape
const NEEDLESS_ESCAPE = /\\([^\w^$\\.*+?()[\]{}|/])/g

/** Tells in an operator's words why a path glob is not taken; undefined when it is. */
export function findGlobProblem(glob: string): string | undefined {
  if (glob.trim() === '') {
    return 'is empty'
  }
  if (glob !== glob.trim()) {
    return 'has spaces around it'
  }
  if (glob.length > MAX_GLOB) {
    return `is longer than ${MAX_GLOB} characters`
  }
  if (glob.startsWith('!')) {
    return 'starts with “!”; there is no negation: put it into the other list'
  }
  if (/[()|"\\]/.test(glob)) {
    return 'contains one of ( ) | " \\; a glob is made of names, *, **, ?, {a,b} and [abc]'
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\x00-\x1f\x7f-\x9f]/.test(glob) || !glob.isWellFormed()) {
    return 'contains control characters or invalid Unicode'
  }
  if (/\[(?:!|\^?\])/.test(glob)) {
    return 'has [!…] or []; “any character but these” is written [^…]'
  }
  if (/\{[^,}]*\}|\{[^}]*\.\./.test(glob)) {
    return 'has braces that are not a list such as {a,b}'
  }
  if (!isBalanced(glob)) {
    return 'has a brace or bracket that is not closed, nested, or around a slash'
  }
  const segments = glob.replace(/^\/|\/$/g, '').split('/')
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    return 'has an empty part, “.” or “..”'
  }
  if (segments.some((segment) => segment !== '**' && segment.includes('**'))) {
    return 'has “**” next to other characters; it stands alone between slashes'
  }
  const tooMany = segments.some((segment) => segment.split('*').length - 1 > MAX_STARS)
  if (tooMany || segments.filter((segment) => segment === '**').length > MAX_STARS) {
    return `has more than ${MAX_STARS} “*” in one part, or more than ${MAX_STARS} “**”`
  }
  if (fold(glob).some((form) => countMeta(form) !== countMeta(glob))) {
    return 'contains a character that only looks like one of * ? [ ] { } ( ) | / \\'
  }
  return isCompilable(glob) ? undefined : 'has a range such as [z-a] that is the wrong way round'
}

function isCompilable(glob: string): boolean {
  // an operator's text becomes a regular expression here; what the engine refuses is told with its line, not thrown
  try {
    compileAllowGlob(glob)
    compileDenyGlob(glob)
    return true
  } catch {
    return false
  }
}

function countMeta(text: string): number {
  return text.match(/[*?[\]{}()|/\\!]/g)?.length ?? 0
}

function isBalanced(glob: string): boolean {
  let open = ''
  for (const char of glob) {
    if (char === '{' || char === '[') {
      if (open !== '') {
        return false
      }
      open = char
    } else if (char === '}' || char === ']') {
      if (open !== (char === '}' ? '{' : '[')) {
        return false
      }
      open = ''
    } else if (char === '/' && open !== '') {
      return false
    }
  }
  return open === ''
}

/** Matches the path itself and, where it is a folder, everything in it. Case counts; compare with the NFC path. */
export function compileAllowGlob(glob: string): RegExp {
  return compile(trimGlob(glob.normalize('NFC')))
}

/** One expression per reading of the glob; a glob without a slash is meant at any depth. Compare with folded paths. */
export function compileDenyGlob(glob: string): readonly RegExp[] {
  const hasFolder = glob.replace(/\/$/, '').includes('/')
  return fold(glob).map((form) => compile(hasFolder ? trimGlob(form) : `**/${trimGlob(form)}`))
}

/** `dir`, `dir/`, `dir/*` and `dir/**` all mean the folder and everything in it; a leading slash is the root. */
function trimGlob(glob: string): string {
  const trimmed = glob.replace(/^\//, '').replace(/\/(?:\*\*?|\*\*\/\*)?$/, '')
  return trimmed === '*' || trimmed === '' ? '**' : trimmed
}

function compile(glob: string): RegExp {
  const self = picomatch.makeRe(glob, OPTIONS)
  const inside = picomatch.makeRe(`${glob}/**`, OPTIONS)
  return new RegExp(`${self.source}|${inside.source}`.replace(NEEDLESS_ESCAPE, '$1'), 'u')
}

/** For names (tools, repositories), where only `*` and `?` are wildcards. Compare with lower case. */
export function compileNameGlob(glob: string): RegExp {
  return picomatch.makeRe(glob.toLowerCase(), OPTIONS)
}

export function isNameGlob(text: string): boolean {
  return /[*?]/.test(text)
}
