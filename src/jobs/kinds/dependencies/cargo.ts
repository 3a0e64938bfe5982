import {
  code,
  type Lockfile,
  type Manifest,
  type Reader,
  type Remark,
  toBasename,
  Unreadable,
  type Wanted,
} from './model.js'
import { at, entriesOf, indexLines, indexTables, isRecord, itemsOf, parseToml, textAt } from './structured.js'
import { isOpenRange } from './versions/open-range.js'
import { CARGO, satisfiesRange } from './versions/semver.js'

const GROUPS = ['dependencies', 'dev-dependencies', 'build-dependencies']

export const cargo: Reader = {
  ecosystem: 'cargo',
  findRole: (path) => {
    const name = toBasename(path)
    return name === 'Cargo.toml' ? 'manifest' : name === 'Cargo.lock' ? 'lock' : undefined
  },
  parse: (path, text) => (toBasename(path) === 'Cargo.toml' ? parseManifest(text) : parseLock(text)),
  toKey: (name) => name.replaceAll('_', '-'),
  isFloating: isOpenRange,
  satisfies: (version, requirement) => satisfiesRange(version, requirement, CARGO),
  lockAdvice: 'Run `cargo generate-lockfile` and commit Cargo.lock.',
}

function parseManifest(text: string): Manifest {
  const file = parseToml(text)
  const lines = indexLines(text)
  const wanted: Wanted[] = []
  const remarks: Remark[] = []
  const targets = entriesOf(at(file, 'target')).map(([name, target]) => [` for ${name}`, target] as const)
  for (const [suffix, scope] of [['', file], [' of the workspace', at(file, 'workspace')], ...targets] as const) {
    for (const group of GROUPS) {
      for (const [key, value] of entriesOf(at(scope, group))) {
        const name = textAt(value, 'package') ?? key
        const line = lines.get(key)
        if (textAt(value, 'git') !== undefined && textAt(value, 'rev') === undefined) {
          const message = `${code(name)} comes from a git repository, which may change: name a commit id as \`rev\`.`
          remarks.push({ rule: 'unpinned-source', subject: name, message, line })
        }
        const requirement = typeof value === 'string' ? value : textAt(value, 'version')
        if (requirement !== undefined && textAt(value, 'path') === undefined) {
          // what a workspace offers, and nobody takes, is not locked
          wanted.push({
            name,
            requirement,
            group: group + suffix,
            line,
            isOptional: suffix !== '' || at(value, 'optional') === true,
          })
        }
      }
    }
  }
  const own = at(file, 'package')
  if (!isRecord(own) && !isRecord(at(file, 'workspace')))
    throw new Unreadable('it names neither a package nor a workspace')
  const isPublished = isRecord(own) && at(own, 'publish') !== false
  if (isPublished && at(own, 'license') === undefined && at(own, 'license-file') === undefined) {
    remarks.push({
      rule: 'missing-licence',
      subject: 'license',
      message: 'Declare a `license`, or set `publish` to false.',
    })
  }
  return { kind: 'manifest', wanted, needsLock: wanted.length > 0, remarks }
}

function parseLock(text: string): Lockfile {
  const file = parseToml(text)
  const packages = at(file, 'package')
  if (packages !== undefined && !Array.isArray(packages)) throw new Unreadable('it lists no packages')
  const lines = indexTables(text)
  const locked = itemsOf(packages).flatMap((entry) => {
    const name = textAt(entry, 'name')
    return name === undefined ? [] : [{ name, version: textAt(entry, 'version') ?? '', line: lines.get(name) }]
  })
  return { kind: 'lock', locked, remarks: [], isExact: true }
}
