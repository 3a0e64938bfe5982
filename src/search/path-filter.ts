import { RE2JS, RE2JSException } from 're2js'
import { InvalidInput } from '../lib/errors.js'
import { findLanguage, LANGUAGE_NAMES } from './languages.js'

/** Says of a path whether it is asked for. */
export type PathFilter = (path: string) => boolean

/**
 * Paths as people write them: a file, a folder with all below it, `*.ts` anywhere, or with folders and `**`, `*`, `?` and
 * `{ts,tsx}`. Matched in linear time, because the glob comes from the caller.
 *
 * @throws InvalidInput for a glob that is none
 */
export function createPathFilter(glob: string): PathFilter {
  const plain = glob.replace(/^\.?\/+/, '').replace(/\/+$/, '')
  const anywhere = plain.includes('/') ? '' : '(?:.*/)?'
  // the edge to the library, as in matcher.ts
  try {
    const pattern = RE2JS.compile(`^${anywhere}${toPattern(plain)}(?:/.*)?$`)
    return (path) => pattern.test(path)
  } catch (thrown) {
    if (!(thrown instanceof RE2JSException)) throw thrown
    throw new InvalidInput('files must be a path or a glob like src/**/*.ts.', { cause: thrown })
  }
}

function toPattern(glob: string): string {
  let pattern = ''
  let depth = 0
  for (let at = 0; at < glob.length; at += 1) {
    const char = glob[at] ?? ''
    if (glob.startsWith('**/', at)) {
      pattern += '(?:.*/)?'
      at += 2
    } else if (glob.startsWith('**', at)) {
      pattern += '.*'
      at += 1
    } else if (char === '*') pattern += '[^/]*'
    else if (char === '?') pattern += '[^/]'
    else if (char === '{') {
      depth += 1
      pattern += '(?:'
    } else if (char === '}' && depth > 0) {
      depth -= 1
      pattern += ')'
    } else if (char === ',' && depth > 0) pattern += '|'
    else pattern += RE2JS.quote(char)
  }
  return pattern
}

/** @throws InvalidInput for a language that is not known here */
export function createLanguageFilter(name: string): PathFilter {
  const endings = findLanguage(name)
  if (endings === undefined) {
    throw new InvalidInput(
      `"${name.slice(0, 40)}" is no language that is known here: ${LANGUAGE_NAMES.join(', ')}. Or pass files="*.xyz".`,
    )
  }
  return (path) => {
    const file = path.slice(path.lastIndexOf('/') + 1).toLowerCase()
    return endings.some((ending) => (ending.startsWith('.') ? file.endsWith(ending) : file === ending))
  }
}
