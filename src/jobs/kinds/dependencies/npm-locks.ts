import { type Locked, type Lockfile, toDeprecated, Unreadable } from './model.js'
import { at, entriesOf, indexLines, numberedLines, parseJson, textAt } from './structured.js'

/* The lock files of npm, Yarn (both forms) and pnpm. The last two are read by their lines: programs write them. */

const MODULES = 'node_modules/'

export function parsePackageLock(text: string): Lockfile {
  const file = parseJson(text)
  const lines = indexLines(text)
  const locked: Locked[] = []
  const add = (name: string, entry: unknown, line: number | undefined) => {
    const deprecated = textAt(entry, 'deprecated')
    const version = textAt(entry, 'version') ?? ''
    locked.push({ name, version, line, ...(deprecated === undefined ? {} : { deprecated }) })
  }
  const packages = at(file, 'packages')
  if (packages === undefined) {
    addNested(at(file, 'dependencies'), (name, entry) => add(name, entry, lines.get(name)))
  }
  for (const [path, entry] of entriesOf(packages)) {
    const start = path.lastIndexOf(MODULES)
    if (start !== -1) add(path.slice(start + MODULES.length), entry, lines.get(path))
  }
  if (packages === undefined && at(file, 'dependencies') === undefined && at(file, 'lockfileVersion') === undefined) {
    throw new Unreadable('it lists no packages')
  }
  return { kind: 'lock', locked, remarks: locked.flatMap(toDeprecated), isExact: true }
}

/** The first form of the file: each package holds its own. The nesting is bounded by the parser. */
function addNested(dependencies: unknown, add: (name: string, entry: unknown) => void): void {
  for (const [name, entry] of entriesOf(dependencies)) {
    add(name, entry)
    addNested(at(entry, 'dependencies'), add)
  }
}

export function parseYarnLock(text: string): Lockfile {
  const locked: Locked[] = []
  let names: readonly string[] = []
  let from = 0
  for (const [number, line] of numberedLines(text)) {
    if (/^["\w@].*:\s*$/.test(line)) {
      const specs = line.trim().replace(/:$/, '').split(',')
      names = [...new Set(specs.flatMap((spec) => /^["\s]*(@?[^@\s"]+)@/.exec(spec)?.[1] ?? []))]
      from = number
    } else {
      const [, version] = /^ {2}version:? "?([^"\s]+)"?\s*$/.exec(line) ?? []
      if (version !== undefined) {
        locked.push(...names.filter((name) => name !== '__metadata').map((name) => ({ name, version, line: from })))
        names = []
      }
    }
  }
  if (locked.length === 0 && !/^# (?:yarn lockfile|This file is generated)|^__metadata:/m.test(text)) {
    throw new Unreadable('it lists no packages')
  }
  return { kind: 'lock', locked, remarks: [], isExact: true }
}

export function parsePnpmLock(text: string): Lockfile {
  const locked: { name: string; version: string; line: number; deprecated?: string }[] = []
  let section = ''
  for (const [number, line] of numberedLines(text)) {
    const [, top] = /^(\w+):/.exec(line) ?? []
    section = top ?? section
    if (section !== 'packages') continue
    // `/name/1.0.0:` before version 6, `/name@1.0.0(peer@2.0.0):` before 9
    const [, name, version] = /^ {2}['"]?\/?((?:@[^/@\s]+\/)?[^/@\s'"]+)[@/](\d[^(_'":\s]*)/.exec(line) ?? []
    if (name !== undefined && version !== undefined) {
      locked.push({ name, version, line: number })
      continue
    }
    const [, deprecated] = /^ {4}deprecated: ['"]?(.+?)['"]?$/.exec(line) ?? []
    const last = locked.at(-1)
    if (deprecated !== undefined && last !== undefined) last.deprecated = deprecated
  }
  if (!/^lockfileVersion:/m.test(text)) {
    throw new Unreadable('it names no lockfileVersion')
  }
  return { kind: 'lock', locked, remarks: locked.flatMap(toDeprecated), isExact: true }
}
