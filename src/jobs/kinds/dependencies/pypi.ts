import {
  type Locked,
  type Lockfile,
  type Manifest,
  type Reader,
  type Remark,
  toBasename,
  Unreadable,
  type Wanted,
} from './model.js'
import { parsePyproject } from './pyproject.js'
import { findPythonSource, parseRequirement } from './python-requirement.js'
import {
  at,
  entriesOf,
  indexLines,
  indexTables,
  itemsOf,
  numberedLines,
  parseJson,
  parseToml,
  textAt,
} from './structured.js'
import { satisfiesSpecifiers, toSpecifiers } from './versions/pep440.js'

const REQUIREMENTS = /^(?:.*\/)?(?:requirements[\w.-]*|requirements\/[\w.-]+)\.txt$/i
const LOCKS = new Set(['poetry.lock', 'uv.lock', 'pdm.lock', 'Pipfile.lock', 'pylock.toml'])

export const pypi: Reader = {
  ecosystem: 'pypi',
  findRole: (path) => {
    const name = toBasename(path)
    if (LOCKS.has(name)) return 'lock'
    return name === 'pyproject.toml' || name === 'Pipfile' || REQUIREMENTS.test(path) ? 'manifest' : undefined
  },
  parse: (path, text) => {
    switch (toBasename(path)) {
      case 'pyproject.toml':
        return parsePyproject(text)
      case 'Pipfile':
        return parsePipfile(text)
      case 'Pipfile.lock':
        return parsePipfileLock(text)
      default:
        return REQUIREMENTS.test(path) ? parseRequirements(text) : parsePackageTables(text)
    }
  },
  // https://packaging.python.org/en/latest/specifications/name-normalization/
  toKey: (name) => name.toLowerCase().replace(/[-_.]+/g, '-'),
  isFloating: (requirement) => {
    if (/[@|]/.test(requirement)) return undefined
    const parts = toSpecifiers(requirement)
      .split(',')
      .map((part) => part.trim())
    return !parts.some((part) => /^(?:==|===|~=|<)/.test(part) && part !== '==*')
  },
  satisfies: (version, requirement) =>
    requirement.includes('@') ? undefined : satisfiesSpecifiers(version, toSpecifiers(requirement)),
  lockAdvice: 'Run `uv lock`, `poetry lock` or `pipenv lock` and commit the file it writes.',
}

function parseRequirements(text: string): Manifest {
  const wanted: Wanted[] = []
  const remarks: Remark[] = []
  const pinned: Locked[] = []
  for (const [line, raw] of numberedLines(text)) {
    const plain = raw
      .replace(/(?:^|\s)#.*$/, '')
      .replace(/\s+--hash.*$/, '')
      .replace(/\\$/, '')
      .trim()
    const [, address] = /^(?:-e\s+|--editable[ =]\s*)?(git\+\S+)$/.exec(plain) ?? []
    const [, egg] = /#egg=([\w.-]+)/.exec(address ?? '') ?? []
    const found =
      address === undefined
        ? parseRequirement(plain)
        : { name: egg ?? address, requirement: `@ ${address}`, marker: '' }
    const isOther = plain === '' || /^(?:-|\.|\/|https?:)/.test(plain)
    if (found === undefined || (isOther && address === undefined)) continue
    const { name, requirement, marker } = found
    const source = findPythonSource(name, requirement)
    if (source !== undefined) remarks.push({ ...source, line })
    const [, exact] = /^===?\s*([\w.!+-]+)$/.exec(requirement) ?? []
    if (exact !== undefined) pinned.push({ name, version: exact, line })
    wanted.push({ name, requirement, group: `requirements;${marker}`, line, isOptional: true })
  }
  return { kind: 'manifest', wanted, needsLock: false, remarks, pinned }
}

function parsePipfile(text: string): Manifest {
  const file = parseToml(text)
  const lines = indexLines(text)
  const wanted = ['packages', 'dev-packages'].flatMap((group) =>
    entriesOf(at(file, group)).flatMap(([name, value]) => {
      const requirement = typeof value === 'string' ? value : textAt(value, 'version')
      return requirement === undefined ? [] : [{ name, requirement, group, line: lines.get(name) }]
    }),
  )
  return { kind: 'manifest', wanted, needsLock: wanted.length > 0, remarks: [] }
}

function parsePipfileLock(text: string): Lockfile {
  const file = parseJson(text)
  const lines = indexLines(text)
  if (at(file, '_meta') === undefined) throw new Unreadable('it has no _meta')
  const locked = ['default', 'develop'].flatMap((group) =>
    entriesOf(at(file, group)).map(([name, value]) => ({
      name,
      version: (textAt(value, 'version') ?? '').replace(/^==/, ''),
      line: lines.get(name),
    })),
  )
  return { kind: 'lock', locked, remarks: [], isExact: true }
}

/** poetry.lock, uv.lock, pdm.lock and pylock.toml list their packages alike. */
function parsePackageTables(text: string): Lockfile {
  const file = parseToml(text)
  const found = at(file, 'package') ?? at(file, 'packages')
  const isEmpty = found === undefined && (at(file, 'version') ?? at(file, 'metadata')) !== undefined
  if (!Array.isArray(found) && !isEmpty) throw new Unreadable('it lists no packages')
  const lines = indexTables(text)
  const locked = itemsOf(found).flatMap((entry) => {
    const name = textAt(entry, 'name')
    return name === undefined ? [] : [{ name, version: textAt(entry, 'version') ?? '', line: lines.get(name) }]
  })
  return { kind: 'lock', locked, remarks: [], isExact: true }
}
