import { toErrorText } from '../../../lib/errors.js'
import { actions } from './actions.js'
import { cargo } from './cargo.js'
import { composer } from './composer.js'
import { docker } from './docker.js'
import { go } from './go.js'
import { maven } from './maven.js'
import { type Ecosystem, type Parsed, type Reader, type Role, Unreadable } from './model.js'
import { npm } from './npm.js'
import { nuget } from './nuget.js'
import { pypi } from './pypi.js'
import { rubygems } from './rubygems.js'

const READERS: readonly Reader[] = [npm, pypi, go, cargo, maven, composer, rubygems, nuget, docker, actions]

/** What other people's packages bring along is theirs to mend. */
const FOREIGN = /(?:^|\/)(?:node_modules|bower_components|vendor|third_party|\.venv|venv|site-packages|\.git)\//

/** Names that mean the same package in an ecosystem become one. */
export function toPackageKey(ecosystem: Ecosystem, name: string): string {
  return READERS.find((reader) => reader.ecosystem === ecosystem)?.toKey(name) ?? name
}

export interface KnownFile {
  readonly path: string
  readonly role: Role
  readonly reader: Reader
}

/** What a path is to the scan; undefined for files of no interest. */
export function findKnownFile(path: string, ecosystems: readonly Ecosystem[]): KnownFile | undefined {
  if (FOREIGN.test(path)) {
    return undefined
  }
  for (const reader of READERS) {
    const role = ecosystems.includes(reader.ecosystem) ? reader.findRole(path) : undefined
    if (role !== undefined) return { path, role, reader }
  }
  return undefined
}

/** How reading a file ended: its content, or in words why it has none, or why it was not read at all. */
export type FileContent = { readonly parsed: Parsed } | { readonly problem: string } | { readonly unread: string }

/** Never throws: whatever is in the file, the scan of the others goes on. */
export function parseFile({ path, reader }: KnownFile, text: string): FileContent {
  // parsers throw what they like, down to the end of the stack; all of it means the same to the owner of the file
  try {
    return { parsed: reader.parse(path, text) }
  } catch (error) {
    return { problem: error instanceof Unreadable ? error.message : toFirstLine(toErrorText(error)) }
  }
}

function toFirstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').slice(0, 160)
}
