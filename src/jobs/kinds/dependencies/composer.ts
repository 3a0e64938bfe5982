import {
  type Locked,
  type Lockfile,
  type Manifest,
  type Reader,
  type Remark,
  toBasename,
  toDeprecated,
  Unreadable,
  type Wanted,
} from './model.js'
import { at, entriesOf, indexLines, itemsOf, parseJson, textAt } from './structured.js'
import { isOpenRange } from './versions/open-range.js'
import { COMPOSER, satisfiesRange } from './versions/semver.js'

/** PHP itself, its extensions and what Composer brings. */
const PLATFORM = /^(?:php(?:-.*)?|hhvm|(?:ext|lib)-.*|composer(?:-(?:plugin|runtime)-api)?)$/

export const composer: Reader = {
  ecosystem: 'composer',
  findRole: (path) => {
    const name = toBasename(path)
    return name === 'composer.json' ? 'manifest' : name === 'composer.lock' ? 'lock' : undefined
  },
  parse: (path, text) => (toBasename(path) === 'composer.json' ? parseManifest(text) : parseLock(text)),
  toKey: (name) => name.toLowerCase(),
  isFloating: (requirement) => /^(?:dev-|@)/.test(requirement.trim()) || isOpenRange(toRange(requirement)),
  satisfies: (version, requirement) =>
    /dev-|-dev\b/.test(version + requirement) ? undefined : satisfiesRange(version, toRange(requirement), COMPOSER),
  lockAdvice: 'Run `composer update --lock` and commit composer.lock.',
}

function toRange(requirement: string): string {
  return requirement.replace(/@(?:stable|RC|beta|alpha|dev)\b/gi, '')
}

function parseManifest(text: string): Manifest {
  const file = parseJson(text)
  const lines = indexLines(text)
  const wanted: Wanted[] = ['require', 'require-dev'].flatMap((group) =>
    entriesOf(at(file, group)).flatMap(([name, requirement]) =>
      typeof requirement !== 'string' || PLATFORM.test(name)
        ? []
        : [{ name, requirement, group, line: lines.get(name) }],
    ),
  )
  const remarks: Remark[] = []
  const isPublished = textAt(file, 'name') !== undefined && textAt(file, 'type') !== 'project'
  if (isPublished && at(file, 'license') === undefined) {
    remarks.push({ rule: 'missing-licence', subject: 'license', message: 'Declare a `license`.' })
  }
  return { kind: 'manifest', wanted, needsLock: wanted.length > 0, remarks }
}

function parseLock(text: string): Lockfile {
  const file = parseJson(text)
  if (!Array.isArray(at(file, 'packages'))) throw new Unreadable('it lists no packages')
  const lines = new Map(
    [...text.matchAll(/"name":\s*"([^"]{1,200})"/g)].map(({ 1: name = '', index }) => [name, index]),
  )
  const locked: Locked[] = ['packages', 'packages-dev'].flatMap((group) =>
    itemsOf(at(file, group)).flatMap((entry) => {
      const name = textAt(entry, 'name')
      if (name === undefined) return []
      const abandoned = at(entry, 'abandoned')
      const words = typeof abandoned === 'string' ? `use ${abandoned}` : abandoned === true ? '' : undefined
      const version = textAt(entry, 'version') ?? ''
      return [{ name, version, line: undefined, ...(words === undefined ? {} : { deprecated: words }) }]
    }),
  )
  const withLines = toLines(text, locked, lines)
  return { kind: 'lock', locked: withLines, remarks: withLines.flatMap(toDeprecated), isExact: true }
}

/** Offsets as lines, in one pass over the text. */
function toLines(text: string, locked: readonly Locked[], offsets: ReadonlyMap<string, number>): readonly Locked[] {
  const lineOf = new Map<string, number>()
  let line = 1
  let from = 0
  for (const [name, offset] of [...offsets].sort(([, a], [, b]) => a - b)) {
    line += text.slice(from, offset).split('\n').length - 1
    from = offset
    lineOf.set(name, line)
  }
  return locked.map((entry) => ({ ...entry, line: lineOf.get(entry.name) }))
}
