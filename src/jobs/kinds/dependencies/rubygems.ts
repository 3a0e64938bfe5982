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
import { satisfiesGemRange } from './versions/order.js'

export const rubygems: Reader = {
  ecosystem: 'rubygems',
  findRole: (path) => {
    const name = toBasename(path)
    if (name === 'Gemfile' || name === 'gems.rb') return 'manifest'
    return name === 'Gemfile.lock' || name === 'gems.locked' ? 'lock' : undefined
  },
  parse: (path, text) => (/lock/.test(toBasename(path)) ? parseLock(text) : parseGemfile(text)),
  toKey: (name) => name,
  isFloating: (requirement) => !requirement.split(',').some((part) => /^\s*(?:~>|=|<|\d)/.test(part)),
  // a platform follows the version: 1.15.4-x86_64-linux
  satisfies: (version, requirement) => satisfiesGemRange(version.replace(/-.*$/, ''), requirement),
  lockAdvice: 'Run `bundle lock` and commit the lock file.',
}

function parseGemfile(text: string): Manifest {
  const wanted: Wanted[] = []
  const remarks: Remark[] = []
  for (const [line, raw] of numberedLines(text)) {
    const [, name, rest = ''] = /^\s*gem[\s(]+["']([^"']+)["'](.*)$/.exec(raw) ?? []
    if (name === undefined) continue
    const [, given = ''] = /^((?:\s*,\s*["'][^"']*["'])*)/.exec(rest) ?? []
    const requirement = [...given.matchAll(/["']([^"']*)["']/g)].map(([, part]) => part).join(', ')
    if (/\bpath(?::|\s*=>)/.test(rest)) continue
    const isRemote = /\b(?:git|github|gitlab|bitbucket)(?::|\s*=>)/.test(rest)
    if (isRemote && !/\bref(?::|\s*=>)\s*["'][0-9a-f]{40}["']/i.test(rest)) {
      const message = `${code(name)} comes from a git repository, which may change: name a full commit id as \`ref\`.`
      remarks.push({ rule: 'unpinned-source', subject: name, message, line })
    }
    if (isRemote) continue
    const isConditional = /\b(?:platforms?|install_if|require_relative)\b/.test(rest)
    wanted.push({ name, requirement, group: isConditional ? `gems ${line}` : 'gems', line, isOptional: isConditional })
  }
  return { kind: 'manifest', wanted, needsLock: wanted.length > 0, remarks }
}

function parseLock(text: string): Lockfile {
  const locked: Locked[] = []
  for (const [line, raw] of numberedLines(text)) {
    const [, name, version] = /^ {4}([\w.-]+) \(([^)\s]+)\)$/.exec(raw) ?? []
    if (name !== undefined && version !== undefined) locked.push({ name, version, line })
  }
  if (!/^(?:GEM|PATH|GIT|DEPENDENCIES)\s*$/m.test(text))
    throw new Unreadable('it has none of the sections of a lock file')
  return { kind: 'lock', locked, remarks: [], isExact: true }
}
