import {
  code,
  type Locked,
  type Lockfile,
  type Manifest,
  type Reader,
  type Remark,
  toBasename,
  Unreadable,
  type Wanted,
} from './model.js'
import { numberedLines } from './structured.js'

export const go: Reader = {
  ecosystem: 'go',
  findRole: (path) => {
    const name = toBasename(path)
    return name === 'go.mod' ? 'manifest' : name === 'go.sum' ? 'lock' : undefined
  },
  parse: (path, text) => (toBasename(path) === 'go.mod' ? parseMod(text) : parseSum(text)),
  toKey: (name) => name,
  isFloating: () => false,
  satisfies: (version, requirement) => version === requirement,
  lockAdvice: 'Run `go mod tidy` and commit go.sum.',
}

function parseMod(text: string): Manifest {
  const wanted: Wanted[] = []
  const remarks: Remark[] = []
  const replaced = new Set<string>()
  let block = ''
  let comment = ''
  let hasModule = false
  for (const [number, raw] of numberedLines(text)) {
    const [statement = '', note = ''] = raw.split('//', 2)
    const line = statement.trim()
    if (line === '' && note !== '') {
      comment = note.trim()
      continue
    }
    if (line === ')') {
      block = ''
      continue
    }
    const [, opened] = /^(\w+)\s*\($/.exec(line) ?? []
    if (opened !== undefined) {
      block = opened
      continue
    }
    const [, directive = '', rest = ''] = block === '' ? (/^(\w+)\s+(.*)$/.exec(line) ?? []) : ['', block, line]
    const [name = '', version = ''] = rest.split(/\s+/)
    if (directive === 'module') {
      hasModule = true
      const [, words] = /^Deprecated:\s*(.*)$/.exec(note.trim() === '' ? comment : note.trim()) ?? []
      if (words !== undefined) {
        const message = `This module says that it is deprecated: ${code(words)}. Archive the repository, or take the note away.`
        remarks.push({ rule: 'deprecated-package', subject: name, message, line: number })
      }
    } else if (directive === 'require' && version !== '') {
      wanted.push({ name, requirement: version, group: 'require', line: number })
    } else if (directive === 'replace') {
      replaced.add(name)
    }
    comment = ''
  }
  if (!hasModule) throw new Unreadable('it names no module')
  // what stands in its place has sums under another name, or is a folder and has none
  const own = wanted.map((entry) => (replaced.has(entry.name) ? { ...entry, isOptional: true } : entry))
  const pinned: Locked[] = wanted.flatMap(({ name, requirement, line }) =>
    replaced.has(name) ? [] : [{ name, version: requirement, line }],
  )
  return {
    kind: 'manifest',
    wanted: own,
    needsLock: own.some(({ isOptional }) => isOptional !== true),
    remarks,
    pinned,
  }
}

function parseSum(text: string): Lockfile {
  const locked: Locked[] = []
  for (const [line, raw] of numberedLines(text)) {
    if (raw.trim() === '') continue
    const [, name, version] = /^(\S+) (v[^\s/]+)(?:\/go\.mod)? h1:\S+$/.exec(raw) ?? []
    if (name === undefined || version === undefined) throw new Unreadable(`line ${line} is no sum`)
    const last = locked.at(-1)
    if (last?.name !== name || last.version !== version) locked.push({ name, version, line })
  }
  return { kind: 'lock', locked, remarks: [], isExact: false }
}
