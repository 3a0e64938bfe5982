/*
 * What the readers of the ecosystems have in common. A reader is pure: the text of one file in, what the file asks for
 * or holds out. The rules that compare files with each other are in `checks.ts`.
 */

export const ECOSYSTEMS = [
  'npm',
  'pypi',
  'go',
  'cargo',
  'maven',
  'composer',
  'rubygems',
  'nuget',
  'docker',
  'actions',
] as const
export type Ecosystem = (typeof ECOSYSTEMS)[number]

/** A dependency as a person asks for it. */
export interface Wanted {
  readonly name: string
  /** As written; empty for none. */
  readonly requirement: string
  /** The list it stands in: a name may stand once in each. */
  readonly group: string
  readonly line?: number | undefined
  /** Only on some platforms or for some features, so that a lock file may lack it. */
  readonly isOptional?: boolean
  /** Another place decides the version, so that the requirement says nothing about it. */
  readonly isOverridden?: boolean
}

/** A dependency as a lock file holds it. */
export interface Locked {
  readonly name: string
  /** Exact; empty where the lock does not say. */
  readonly version: string
  readonly line?: number | undefined
  /** Why nobody should use it any more, in the words of the file. */
  readonly deprecated?: string
}

/** Something one file tells by itself. */
export interface Remark {
  readonly rule: RuleId
  /** What it is about, for `ignore` and to tell one from another. */
  readonly subject: string
  /** One sentence that says what to change. */
  readonly message: string
  readonly line?: number | undefined
}

export interface Manifest {
  readonly kind: 'manifest'
  readonly wanted: readonly Wanted[]
  /** Whether its dependencies belong into a lock file, as far as it alone can tell. */
  readonly needsLock: boolean
  readonly remarks: readonly Remark[]
  /** What it pins to one exact version, so that it needs no lock file to be known. */
  readonly pinned?: readonly Locked[]
}

export interface Lockfile {
  readonly kind: 'lock'
  readonly locked: readonly Locked[]
  readonly remarks: readonly Remark[]
  /** False where it holds versions, too, that are not used. */
  readonly isExact: boolean
}

/** Files that stand for themselves: images, actions. */
export interface Plain {
  readonly kind: 'plain'
  readonly remarks: readonly Remark[]
}

export type Parsed = Manifest | Lockfile | Plain

/** What a file is by its path. An `opaque` one is a lock file whose content is not read. */
export type Role = Parsed['kind'] | 'opaque'

/** How one ecosystem is read. */
export interface Reader {
  readonly ecosystem: Ecosystem
  /** What a file of this path is; undefined for files of no interest. */
  findRole(path: string): Role | undefined
  /**
   * @param path from the top of the repository
   * @throws Unreadable, or whatever a parser throws, for a file that is not what its name says
   */
  parse(path: string, text: string): Parsed
  /** Names that mean the same dependency. */
  toKey(name: string): string
  /** Whether a requirement lets versions in that nobody has seen yet; undefined where it is no range. */
  isFloating(requirement: string): boolean | undefined
  /** Whether a version lies in the range that a requirement names; undefined where that cannot be told offline. */
  satisfies(version: string, requirement: string): boolean | undefined
  /** Command that writes the lock file, for advice. */
  readonly lockAdvice: string
}

/** A file that is not what its name says; the message is our own. */
export class Unreadable extends Error {}

export const RULES = {
  'unreadable-file': 'warning',
  'unread-file': 'info',
  'missing-lockfile': 'warning',
  'lockfile-missing-entry': 'error',
  'lockfile-outside-range': 'error',
  'floating-range': 'warning',
  'unpinned-source': 'warning',
  'unpinned-action': 'warning',
  'unpinned-image': 'warning',
  'latest-image': 'error',
  'duplicate-entry': 'warning',
  'deprecated-package': 'warning',
  'missing-licence': 'info',
  'known-vulnerability': 'error',
} as const satisfies Record<string, 'info' | 'warning' | 'error'>
export type RuleId = keyof typeof RULES

/** A name or a version from a file, inside one of our sentences. */
export function code(text: string): string {
  const line = text
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
    .replaceAll('`', '′')
    .trim()
  return `\`${line.length > 100 ? `${line.slice(0, 100)}…` : line}\``.toWellFormed()
}

/** The last part of a path. */
export function toBasename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** The folder of a path, empty for the top. */
export function toFolder(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

/** The remark about a package that its own maintainers gave up. */
export function toDeprecated({ name, version, line, deprecated }: Locked): Remark[] {
  if (deprecated === undefined) return []
  const words = deprecated.trim() === '' ? '' : `, in the words of its maintainers: ${code(deprecated)}`
  const message = `${code(`${name} ${version}`)} is deprecated${words}. Move to what replaces it.`
  return [{ rule: 'deprecated-package', subject: `${name}@${version}`, message, line }]
}
