import { sha256Hex } from '../../../lib/crypto.js'
import type { Finding } from '../../define-job.js'
import {
  code,
  type Ecosystem,
  type Locked,
  type Lockfile,
  type Manifest,
  RULES,
  type RuleId,
  toBasename,
  toFolder,
  type Wanted,
} from './model.js'
import type { FileContent, KnownFile } from './readers.js'

/* The rules: what one file says by itself, and what a manifest says that its lock file does not. */

export interface ReadFile extends KnownFile {
  /** Undefined for a lock file that is only known to be there. */
  readonly content: FileContent | undefined
}

export interface DependencyFinding extends Finding {
  readonly rule: RuleId
  readonly ecosystem: Ecosystem
  /** The package, image or action. */
  readonly subject: string
  readonly path: string
}

/** A dependency in one exact version, where it is known to be used. */
export interface UsedPackage {
  readonly ecosystem: Ecosystem
  readonly name: string
  readonly version: string
  readonly path: string
  readonly line?: number | undefined
}

type Draft = Pick<DependencyFinding, 'rule' | 'subject' | 'message'> & {
  readonly line?: number | undefined
  readonly severity?: Finding['severity']
}

/** No range that people write is longer, in characters. */
const LONGEST_RANGE = 500

/** More of one file helps nobody: the first ones show what is wrong. */
const MOST_PER_FILE = 200

/** What is wrong with these files. Findings that are left out for their number are counted. */
export function checkFiles(files: readonly ReadFile[]): { findings: readonly DependencyFinding[]; unshown: number } {
  const findings: DependencyFinding[] = []
  let unshown = 0
  for (const file of files) {
    const found = checkFile(file, files).map((draft) => toFinding(file, draft))
    const seen = new Set<string>()
    const unique = found.filter(({ fingerprint }) => !seen.has(fingerprint) && seen.add(fingerprint))
    findings.push(...unique.slice(0, MOST_PER_FILE))
    unshown += Math.max(0, unique.length - MOST_PER_FILE)
  }
  return { findings, unshown }
}

/** Every exact version that locks hold, and that manifests pin where no lock beside them tells. */
export function listUsedPackages(files: readonly ReadFile[]): readonly UsedPackage[] {
  return files.flatMap((file) =>
    listExact(file, files).map(({ name, version, line }) => ({
      ecosystem: file.reader.ecosystem,
      name,
      version,
      path: file.path,
      line,
    })),
  )
}

function listExact(file: ReadFile, files: readonly ReadFile[]): readonly Locked[] {
  const parsed = toParsed(file)
  if (parsed?.kind === 'lock') {
    return parsed.isExact ? parsed.locked : []
  }
  const isTold = findOwnLocks(file, files).some((lock) => {
    const held = toParsed(lock)
    return held?.kind === 'lock' && held.isExact
  })
  return parsed?.kind === 'manifest' && !isTold ? (parsed.pinned ?? []) : []
}

/** A finding with its fingerprint: the same while file, rule and subject are, wherever in the file it stands. */
export function toFinding(
  { path, reader }: Pick<KnownFile, 'path' | 'reader'>,
  { rule, subject, message, line, severity = RULES[rule] }: Draft,
): DependencyFinding {
  const { ecosystem } = reader
  const fingerprint = `${rule}:${sha256Hex(JSON.stringify([ecosystem, path, reader.toKey(subject)])).slice(0, 20)}`
  return {
    fingerprint,
    rule,
    severity,
    message,
    path,
    ecosystem,
    subject: subject.slice(0, 200),
    ...(line === undefined ? {} : { line }),
  }
}

function checkFile(file: ReadFile, files: readonly ReadFile[]): readonly Draft[] {
  const { content, path } = file
  if (content !== undefined && 'problem' in content) {
    const message = `${code(toBasename(path))} cannot be read: ${code(content.problem)}. Mend the file, or leave it out by \`ignore\`.`
    return [{ rule: 'unreadable-file', subject: path, message }]
  }
  if (content !== undefined && 'unread' in content) {
    const message = `${code(toBasename(path))} was not read: ${content.unread}.`
    return [{ rule: 'unread-file', subject: path, message }]
  }
  const parsed = toParsed(file)
  if (parsed === undefined) {
    return []
  }
  return parsed.kind === 'manifest' ? [...parsed.remarks, ...checkManifest(file, parsed, files)] : parsed.remarks
}

function checkManifest(file: ReadFile, manifest: Manifest, files: readonly ReadFile[]): readonly Draft[] {
  const { reader, path } = file
  const own = findOwnLocks(file, files)
  const isCovered = own.length > 0 || isBelowLock(file, files)
  const drafts: Draft[] = []
  if (manifest.needsLock && !isCovered) {
    const message = `${code(toBasename(path))} has no lock file, so every installation may differ. ${reader.lockAdvice}`
    drafts.push({ rule: 'missing-lockfile', subject: path, message })
  }
  drafts.push(
    ...findDuplicates(file, manifest),
    ...manifest.wanted.flatMap((wanted) => checkRange(file, wanted, isCovered)),
  )
  for (const lock of own) {
    const parsed = toParsed(lock)
    if (parsed?.kind === 'lock') drafts.push(...compareWithLock(file, manifest, lock.path, parsed))
  }
  return drafts
}

function checkRange({ reader }: ReadFile, { name, requirement, line }: Wanted, isCovered: boolean): readonly Draft[] {
  if (requirement.length > LONGEST_RANGE || reader.isFloating(requirement) !== true) {
    return []
  }
  const asked = requirement.trim() === '' ? 'without a version' : `as ${code(requirement)}`
  const held = isCovered ? ' The lock file holds it until somebody renews that.' : ''
  const message = `${code(name)} is asked for ${asked}, which lets in versions that nobody has seen: give it an upper end.${held}`
  return [{ rule: 'floating-range', subject: name, message, line, ...(isCovered ? { severity: 'info' } : {}) }]
}

function findDuplicates({ reader }: ReadFile, { wanted }: Manifest): readonly Draft[] {
  const seen = new Map<string, Wanted>()
  return wanted.flatMap((entry) => {
    const key = `${entry.group}\n${reader.toKey(entry.name)}`
    const first = seen.get(key)
    seen.set(key, first ?? entry)
    if (first === undefined) return []
    const where = first.line === undefined ? '' : ` (first in line ${first.line})`
    const message = `${code(entry.name)} is listed twice${where}: keep one of the two.`
    return [{ rule: 'duplicate-entry' as const, subject: entry.name, message, line: entry.line }]
  })
}

function compareWithLock(
  { reader, path }: ReadFile,
  { wanted }: Manifest,
  lockPath: string,
  lock: Lockfile,
): readonly Draft[] {
  const versions = new Map<string, string[]>()
  for (const { name, version } of lock.locked) {
    const key = reader.toKey(name)
    const known = versions.get(key)
    if (known === undefined) versions.set(key, [version])
    else known.push(version)
  }
  const [manifestName, lockName] = [code(toBasename(path)), code(toBasename(lockPath))]
  return wanted.flatMap(({ name, requirement, line, isOptional, isOverridden = false }): Draft[] => {
    const held = versions.get(reader.toKey(name))
    const subject = name
    if (held === undefined) {
      if (isOptional === true) return []
      const message = `${code(name)} is in ${manifestName} and not in ${lockName}. ${reader.lockAdvice}`
      return [{ rule: 'lockfile-missing-entry', subject, message, line }]
    }
    const isTold = !isOverridden && requirement.length <= LONGEST_RANGE
    const isOutside = isTold && held.every((version) => reader.satisfies(version, requirement) === false)
    if (!isOutside) return []
    const message = `${manifestName} asks for ${code(`${name} ${requirement}`)} and ${lockName} holds ${code(held.slice(0, 3).join(', '))}. ${reader.lockAdvice}`
    return [{ rule: 'lockfile-outside-range', subject, message, line }]
  })
}

function findOwnLocks(file: ReadFile, files: readonly ReadFile[]): readonly ReadFile[] {
  return files.filter((other) => isLockOf(file, other) && toFolder(other.path) === toFolder(file.path))
}

/** Members of a workspace share the lock file of a folder above them. */
function isBelowLock(file: ReadFile, files: readonly ReadFile[]): boolean {
  return files.some((other) => {
    const folder = toFolder(other.path)
    return isLockOf(file, other) && (folder === '' || file.path.startsWith(`${folder}/`))
  })
}

function isLockOf(file: ReadFile, other: ReadFile): boolean {
  return other.reader === file.reader && (other.role === 'lock' || other.role === 'opaque')
}

function toParsed({ content }: ReadFile) {
  return content !== undefined && 'parsed' in content ? content.parsed : undefined
}
