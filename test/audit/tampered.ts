import { generateKeyPairSync } from 'node:crypto'
import { createCheckpointSigner, findCheckpoint, type SignedCheckpoint } from '../../src/audit/checkpoint.js'
import { findEntryLine, forge, rechain, toEndLine } from './samples.js'

/** The key of someone who is not the server. */
export const stranger = createCheckpointSigner(generateKeyPairSync('ed25519').privateKey)

export function lineAt(lines: readonly string[], index: number): string {
  return lines[index] ?? ''
}

export function replaced(lines: readonly string[], index: number, line: string): string[] {
  return lines.with(index, line)
}

function without(lines: readonly string[], ...indexes: number[]): string[] {
  return lines.filter((_, index) => !indexes.includes(index))
}

export function checkpointAt(lines: readonly string[], size: number): SignedCheckpoint {
  const found = lines.map((line) => findCheckpoint(JSON.parse(line))).find((item) => item?.checkpoint.size === size)
  if (found === undefined) {
    throw new Error(`The sample has no checkpoint at ${size}.`)
  }
  return found
}

/** Each: how the file was changed, the first entry that is wrong (if one can be named), and what is said. */
export const TAMPERED: readonly [
  name: string,
  change: (lines: readonly string[]) => readonly string[],
  seq: number | undefined,
  reason: RegExp,
][] = [
  [
    'an entry is edited',
    (lines) =>
      replaced(lines, findEntryLine(lines, 5), lineAt(lines, findEntryLine(lines, 5)).replace('alice', 'mallo')),
    5,
    /Entry 5 was changed: its bytes do not give the hash/,
  ],
  [
    'an entry and its hash are edited',
    (lines) => {
      const at = findEntryLine(lines, 5)
      const changed = rechain(lines, (body, seq) => (seq === 5 ? body.replace('alice', 'mallory') : body))
      return replaced(lines, at, changed[at] ?? '')
    },
    6,
    /Entry 6 does not follow the entry before it/,
  ],
  [
    'an entry is edited and all later hashes are computed anew',
    (lines) => rechain(lines, (body, seq) => (seq === 5 ? body.replace('alice', 'mallory') : body)),
    1,
    /checkpoint at entry 10 was signed over a different history: entries between 1 and 10 were rewritten/,
  ],
  [
    'an entry between two checkpoints is edited and all later hashes are computed anew',
    (lines) => rechain(lines, (body, seq) => (seq === 15 ? body.replace('alice', 'mallory') : body)),
    11,
    /entries between 11 and 20 were rewritten/,
  ],
  ['an entry is removed', (lines) => without(lines, findEntryLine(lines, 7)), 7, /Entry 7 is missing/],
  [
    'several entries are removed',
    (lines) => without(lines, findEntryLine(lines, 6), findEntryLine(lines, 7)),
    6,
    /Entries 6 to 7 are missing/,
  ],
  [
    'an entry is removed and the rest numbered and chained anew',
    (lines) => rechain(lines, (body, seq) => (seq === 7 ? undefined : body)),
    undefined,
    /./,
  ],
  [
    'an entry is repeated',
    (lines) => lines.toSpliced(3, 0, lineAt(lines, 2)),
    3,
    /Where entry 3 should be stands entry 2/,
  ],
  [
    'two entries change places',
    (lines) => lines.with(2, lineAt(lines, 3)).with(3, lineAt(lines, 2)),
    2,
    /Entry 2 is missing|Where entry 2 should be/,
  ],
  ['the last entries are cut off', (lines) => without(lines, 25, 26), undefined, /./],
  [
    'the last entries are cut off and the end line made to fit',
    (lines) => {
      const [, hash = ''] = /"entry_hash":"([0-9a-f]{64})"/.exec(lineAt(lines, findEntryLine(lines, 22))) ?? []
      return [...without(lines, findEntryLine(lines, 23), lines.length - 1), toEndLine(22, hash, 22, 3)]
    },
    23,
    /Entry 23 is missing. A checkpoint says the log had 23 entries/,
  ],
  ['the end line is missing', (lines) => lines.slice(0, -1), undefined, /cut off after entry 23/],
  [
    'a checkpoint is removed',
    (lines) => lines.filter((line) => !line.includes('"size":20')),
    undefined,
    /says 3 checkpoints; there are 2/,
  ],
  [
    'a checkpoint is moved',
    (lines) => {
      const line = lines.findIndex((text) => text.includes('"size":20'))
      return lines.toSpliced(line, 1).toSpliced(line + 1, 0, lineAt(lines, line))
    },
    undefined,
    /checkpoint at entry 20 stands behind entry 21/,
  ],
  [
    'the time of a checkpoint is changed',
    (lines) => lines.map((line) => (line.includes('"size":20') ? line.replace('12:00', '11:00') : line)),
    20,
    /checkpoint at entry 20 has a wrong signature/,
  ],
  ['all of it is rewritten and signed with another key', (lines) => forge(lines, stranger), 10, /not among the public/],
  ['it has Windows line endings', (lines) => lines.map((line) => `${line}\r`), undefined, /./],
  [
    'it was formatted by a tool',
    (lines) => lines.map((line) => JSON.stringify(JSON.parse(line), null, 1)),
    undefined,
    /./,
  ],
  ['a blank line is put in', (lines) => lines.toSpliced(4, 0, ''), 4, /changed, cut off, or reformatted/],
  ['it is something else', () => ['{"level":30,"msg":"hello"}'], undefined, /This is not an audit export/],
  [
    'it begins the log with another hash than zeros',
    (lines) => [lineAt(lines, 0).replace('0'.repeat(64), 'a'.repeat(64)), toEndLine(0, 'a'.repeat(64), 0, 0)],
    undefined,
    /This is not an audit export/,
  ],
  ['it is empty', () => [], undefined, /the file is empty/],
  ['something follows the end', (lines) => [...lines, lineAt(lines, 3)], undefined, /Something follows the end/],
  [
    'it nests so deep that a reader could overflow',
    (lines) => [lineAt(lines, 0), `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)},"entry_hash":"${'0'.repeat(64)}"}`],
    1,
    /Entry 1 was changed/,
  ],
]
