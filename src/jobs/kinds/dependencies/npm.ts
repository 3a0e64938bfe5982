import { code, type Manifest, type Reader, type Remark, toBasename, type Wanted } from './model.js'
import { parsePackageLock, parsePnpmLock, parseYarnLock } from './npm-locks.js'
import { at, entriesOf, indexLines, isRecord, parseJson, textAt } from './structured.js'
import { isOpenRange } from './versions/open-range.js'
import { NPM, satisfiesRange } from './versions/semver.js'

const GROUPS = ['dependencies', 'devDependencies', 'optionalDependencies'] as const
const LOCKS = new Set(['package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml'])
const OPAQUE = new Set(['bun.lock', 'bun.lockb'])
/** What is in the repository itself, or in a catalogue of the workspace. */
const LOCAL = /^(?:workspace|file|link|portal|catalog|patch):/
const REMOTE = /^(?:git[+:]|git@|ssh:|https?:|github:|gitlab:|bitbucket:|gist:)|^[\w.-]+\/[\w.-]+(?:#|$)/

export const npm: Reader = {
  ecosystem: 'npm',
  findRole: (path) => {
    const name = toBasename(path)
    return name === 'package.json' ? 'manifest' : LOCKS.has(name) ? 'lock' : OPAQUE.has(name) ? 'opaque' : undefined
  },
  parse: (path, text) => {
    switch (toBasename(path)) {
      case 'package.json':
        return parseManifest(text)
      case 'yarn.lock':
        return parseYarnLock(text)
      case 'pnpm-lock.yaml':
        return parsePnpmLock(text)
      default:
        return parsePackageLock(text)
    }
  },
  toKey: (name) => name,
  isFloating: (requirement) => {
    const range = toRange(requirement)
    // a word is a tag, which somebody may move
    return range === undefined ? undefined : isOpenRange(range) || !/\d/.test(range)
  },
  satisfies: (version, requirement) => {
    const range = toRange(requirement)
    return range === undefined ? undefined : satisfiesRange(version, range, NPM)
  },
  lockAdvice: 'Run `npm install` (or the package manager in use) and commit the lock file.',
}

/** The range in a requirement; undefined for what is taken from elsewhere. */
function toRange(requirement: string): string | undefined {
  const text = requirement.trim()
  const alias = /^npm:(?:@[^/@\s]+\/)?[^@\s]+(?:@(.*))?$/.exec(text)
  if (alias !== null) {
    return alias[1] ?? ''
  }
  return LOCAL.test(text) || REMOTE.test(text) ? undefined : text
}

function parseManifest(text: string): Manifest {
  const file = parseJson(text)
  const lines = indexLines(text)
  const overridden = listOverridden(file)
  const wanted: Wanted[] = []
  const remarks: Remark[] = []
  for (const group of GROUPS) {
    for (const [name, requirement] of entriesOf(at(file, group))) {
      if (typeof requirement !== 'string' || LOCAL.test(requirement)) continue
      const line = lines.get(name)
      // what is optional stands in `dependencies` too where npm wrote the file
      const twice = wanted.find((other) => other.name === name)
      if (twice !== undefined && group === 'devDependencies') {
        const message = `${code(name)} stands in dependencies and devDependencies: keep one of the two.`
        remarks.push({ rule: 'duplicate-entry', subject: name, message, line })
        continue
      }
      if (twice !== undefined) continue
      // what comes from elsewhere is locked under another name
      const isOptional = group === 'optionalDependencies' || REMOTE.test(requirement) || requirement.startsWith('npm:')
      const remark = findSourceRemark(name, requirement)
      if (remark !== undefined) remarks.push({ ...remark, line })
      wanted.push({ name, requirement, group, line, isOptional, isOverridden: overridden.has(name) })
    }
  }
  const isPublished = isRecord(file) && at(file, 'private') !== true && textAt(file, 'name') !== undefined
  if (isPublished && at(file, 'license') === undefined && at(file, 'licenses') === undefined) {
    remarks.push({
      rule: 'missing-licence',
      subject: 'license',
      message: 'Declare a `license`, or set `private` to true.',
    })
  }
  return { kind: 'manifest', wanted, needsLock: wanted.length > 0, remarks }
}

/** `overrides` of npm and pnpm and Yarn's `resolutions`: names, also as the last part of a way through the tree. */
function listOverridden(file: unknown): ReadonlySet<string> {
  const tables = [at(file, 'overrides'), at(file, 'resolutions'), at(file, 'pnpm', 'overrides')]
  const keys = tables.flatMap((table) => entriesOf(table).map(([key]) => key.slice(0, 300)))
  return new Set(keys.flatMap((key) => /((?:@[^/@>]+\/)?[^/@>]+)(?:@[^>]*)?$/.exec(key)?.[1] ?? []))
}

function findSourceRemark(name: string, requirement: string): Remark | undefined {
  if (!REMOTE.test(requirement) || /#[0-9a-f]{40}$/i.test(requirement)) return undefined
  return {
    rule: 'unpinned-source',
    subject: name,
    message: `${code(name)} comes from ${code(requirement)}, which may change: name a full commit id after \`#\`.`,
  }
}
