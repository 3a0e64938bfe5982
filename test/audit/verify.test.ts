import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCheckpointSigner, findCheckpoint, type SignedCheckpoint } from '../../src/audit/checkpoint.js'
import { toPublicKeyPem } from '../../src/audit/signing-key.js'
import type { Verification } from '../../src/audit/verify.js'
import { verifyLines } from '../../src/audit/verify-export.js'
import { createSample, findEntryLine, forge, rechain, type Sample, toEndLine } from './samples.js'

const SCRIPT = new URL('../../scripts/verify-audit.mjs', import.meta.url).pathname
const stranger = createCheckpointSigner(generateKeyPairSync('ed25519').privateKey)

let sample: Sample
let directory: string
let keyFile: string

beforeAll(async () => {
  sample = await createSample()
  directory = mkdtempSync(join(tmpdir(), 'aegis-verify-'))
  keyFile = join(directory, 'public.pem')
  writeFileSync(keyFile, toPublicKeyPem(sample.signer.publicKey))
})

afterAll(() => {
  rmSync(directory, { recursive: true })
})

function verify(lines: readonly string[], published: readonly SignedCheckpoint[] = []): Verification {
  return verifyLines(lines, { publicKeys: [sample.signer.publicKey], published })
}

interface ScriptRun {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the script on its own: no module of the project is near it. */
function runScript(args: readonly string[], input?: string | Uint8Array): ScriptRun {
  return spawnSync(process.execPath, [SCRIPT, ...args], { encoding: 'utf8', cwd: directory, input })
}

function toText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

function lineAt(index: number): string {
  return sample.lines[index] ?? ''
}

function checkpointAt(size: number): SignedCheckpoint {
  const found = sample.lines
    .map((line) => findCheckpoint(JSON.parse(line)))
    .find((item) => item?.checkpoint.size === size)
  if (found === undefined) {
    throw new Error(`The sample has no checkpoint at ${size}.`)
  }
  return found
}

const without = (...indexes: number[]) => sample.lines.filter((_, index) => !indexes.includes(index))
const replaced = (index: number, line: string) => sample.lines.with(index, line)

/** Each: how the file was changed, the first entry that is wrong (if one can be named), and what is said. */
const TAMPERED: readonly [name: string, change: () => readonly string[], seq: number | undefined, reason: RegExp][] = [
  [
    'an entry is edited',
    () => replaced(findEntryLine(sample.lines, 5), lineAt(findEntryLine(sample.lines, 5)).replace('alice', 'mallo')),
    5,
    /Entry 5 was changed: its bytes do not give the hash/,
  ],
  [
    'an entry and its hash are edited',
    () => {
      const at = findEntryLine(sample.lines, 5)
      const changed = rechain(sample.lines, (body, seq) => (seq === 5 ? body.replace('alice', 'mallory') : body))
      return replaced(at, changed[at] ?? '')
    },
    6,
    /Entry 6 does not follow the entry before it/,
  ],
  [
    'an entry is edited and all later hashes are computed anew',
    () => rechain(sample.lines, (body, seq) => (seq === 5 ? body.replace('alice', 'mallory') : body)),
    1,
    /checkpoint at entry 10 was signed over a different history: entries between 1 and 10 were rewritten/,
  ],
  [
    'an entry between two checkpoints is edited and all later hashes are computed anew',
    () => rechain(sample.lines, (body, seq) => (seq === 15 ? body.replace('alice', 'mallory') : body)),
    11,
    /entries between 11 and 20 were rewritten/,
  ],
  ['an entry is removed', () => without(findEntryLine(sample.lines, 7)), 7, /Entry 7 is missing/],
  [
    'several entries are removed',
    () => without(findEntryLine(sample.lines, 6), findEntryLine(sample.lines, 7)),
    6,
    /Entries 6 to 7 are missing/,
  ],
  [
    'an entry is removed and the rest numbered and chained anew',
    () => rechain(sample.lines, (body, seq) => (seq === 7 ? undefined : body)),
    undefined,
    /./,
  ],
  ['an entry is repeated', () => sample.lines.toSpliced(3, 0, lineAt(2)), 3, /Where entry 3 should be stands entry 2/],
  [
    'two entries change places',
    () => sample.lines.with(2, lineAt(3)).with(3, lineAt(2)),
    2,
    /Entry 2 is missing|Where entry 2 should be/,
  ],
  ['the last entries are cut off', () => without(25, 26), undefined, /./],
  [
    'the last entries are cut off and the end line made to fit',
    () => {
      const [, hash = ''] = /"entry_hash":"([0-9a-f]{64})"/.exec(lineAt(findEntryLine(sample.lines, 22))) ?? []
      return [...without(findEntryLine(sample.lines, 23), sample.lines.length - 1), toEndLine(22, hash, 22, 3)]
    },
    23,
    /Entry 23 is missing. A checkpoint says the log had 23 entries/,
  ],
  ['the end line is missing', () => sample.lines.slice(0, -1), undefined, /cut off after entry 23/],
  [
    'a checkpoint is removed',
    () => sample.lines.filter((line) => !line.includes('"size":20')),
    undefined,
    /says 3 checkpoints; there are 2/,
  ],
  [
    'a checkpoint is moved',
    () => {
      const line = sample.lines.findIndex((text) => text.includes('"size":20'))
      return sample.lines.toSpliced(line, 1).toSpliced(line + 1, 0, lineAt(line))
    },
    undefined,
    /checkpoint at entry 20 stands behind entry 21/,
  ],
  [
    'the time of a checkpoint is changed',
    () => sample.lines.map((line) => (line.includes('"size":20') ? line.replace('12:00', '11:00') : line)),
    20,
    /checkpoint at entry 20 has a wrong signature/,
  ],
  [
    'all of it is rewritten and signed with another key',
    () => forge(sample.lines, stranger),
    10,
    /not among the public/,
  ],
  ['it has Windows line endings', () => sample.lines.map((line) => `${line}\r`), undefined, /./],
  [
    'it was formatted by a tool',
    () => sample.lines.map((line) => JSON.stringify(JSON.parse(line), null, 1)),
    undefined,
    /./,
  ],
  ['a blank line is put in', () => sample.lines.toSpliced(4, 0, ''), 4, /changed, cut off, or reformatted/],
  ['it is something else', () => ['{"level":30,"msg":"hello"}'], undefined, /This is not an audit export/],
  [
    'it begins the log with another hash than zeros',
    () => [lineAt(0).replace('0'.repeat(64), 'a'.repeat(64)), toEndLine(0, 'a'.repeat(64), 0, 0)],
    undefined,
    /This is not an audit export/,
  ],
  ['it is empty', () => [], undefined, /the file is empty/],
  ['something follows the end', () => [...sample.lines, lineAt(3)], undefined, /Something follows the end/],
  [
    'it nests so deep that a reader could overflow',
    () => [lineAt(0), `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)},"entry_hash":"${'0'.repeat(64)}"}`],
    1,
    /Entry 1 was changed/,
  ],
]

describe('an export', () => {
  test('that nobody touched is intact, and says how far it is signed', () => {
    expect(verify(sample.lines)).toEqual({
      verdict: 'intact',
      entries: 23,
      after: 0,
      lastSeq: 23,
      headHash: checkpointAt(23).checkpoint.head_hash,
      checkpoints: 3,
      publishedChecked: 0,
      signedUpTo: 23,
      isStartSigned: true,
      openCalls: 1,
      hasKeys: true,
    })
  })

  test.each(TAMPERED)('is not intact when %s', (_name, change, seq, reason) => {
    const { verdict, failure } = verify(change())

    expect(verdict).toBe('broken')
    expect(failure?.reason).toMatch(reason)
    if (seq !== undefined) {
      expect(failure?.seq).toBe(seq)
    }
  })

  test('is not intact after any single change of a character', () => {
    const text = sample.lines.join('\n')
    const position = fc.nat(text.length - 1)
    const character = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      fc.constantFrom(...'0123456789abcdef"{},: \n'),
    )
    const change = fc.oneof(
      fc.tuple(position, character).map(([at, put]) => text.slice(0, at) + put + text.slice(at + 1)),
      fc.tuple(position, character).map(([at, put]) => text.slice(0, at) + put + text.slice(at)),
      position.map((at) => text.slice(0, at) + text.slice(at + 1)),
      position.map((at) => text.slice(0, at)),
      fc.tuple(position, position).map(([a, b]) => text.slice(0, Math.min(a, b)) + text.slice(Math.max(a, b) + 1)),
    )

    fc.assert(
      fc.property(change, (changed) => {
        fc.pre(changed !== text)

        expect(verify(changed.split('\n')).verdict).toBe('broken')
      }),
      { numRuns: 3000 },
    )
  })

  test('is not intact after any single line is removed, repeated, moved or exchanged', () => {
    const index = fc.nat(sample.lines.length - 1)
    const change = fc.oneof(
      index.map((at) => sample.lines.toSpliced(at, 1)),
      index.map((at) => sample.lines.toSpliced(at, 0, lineAt(at))),
      fc.tuple(index, index).map(([a, b]) => sample.lines.toSpliced(a, 1).toSpliced(b, 0, lineAt(a))),
      fc.tuple(index, index).map(([a, b]) => sample.lines.with(a, lineAt(b)).with(b, lineAt(a))),
      fc.tuple(index, index).map(([a, b]) => sample.lines.with(a, lineAt(b))),
    )

    fc.assert(
      fc.property(change, (changed) => {
        fc.pre(changed.join('\n') !== sample.lines.join('\n'))

        expect(verify(changed).verdict).toBe('broken')
      }),
      { numRuns: 1000 },
    )
  })

  test('that was rewritten from the start without checkpoints looks intact, and says that nothing signs it', () => {
    const result = verify(forge(sample.lines, undefined))

    expect(result).toMatchObject({ verdict: 'intact', signedUpTo: 0, checkpoints: 0 })
  })

  test('that was rewritten from the start is found out by one checkpoint kept elsewhere', () => {
    expect(verify(forge(sample.lines, undefined), [checkpointAt(10)])).toMatchObject({
      verdict: 'broken',
      failure: { seq: 1, reason: expect.stringContaining('The published checkpoint at entry 10') },
    })
  })

  test('that was cut with its checkpoints is found out by one checkpoint kept elsewhere', () => {
    const cut = sample.lines.slice(
      0,
      sample.lines.findIndex((line) => line.includes('"size":20')),
    )
    const [, hash = ''] = /"entry_hash":"([0-9a-f]{64})"/.exec(lineAt(findEntryLine(sample.lines, 20))) ?? []
    const lines = [...cut, toEndLine(20, hash, 20, 1)]

    expect(verify(lines)).toMatchObject({ verdict: 'intact', lastSeq: 20, signedUpTo: 10 })
    expect(verify(lines, [checkpointAt(23)])).toMatchObject({
      verdict: 'broken',
      failure: { seq: 21, reason: expect.stringMatching(/Entries 21 to 23 are missing.*published/) },
    })
    expect(verify(lines, [checkpointAt(20)])).toMatchObject({ verdict: 'intact', publishedChecked: 1, signedUpTo: 20 })
  })

  test('a published checkpoint that nobody of ours signed is not believed', () => {
    const { checkpoint, signature } = checkpointAt(10)

    const result = verify(sample.lines, [{ checkpoint: { ...checkpoint, size: 9 }, signature }])

    expect(result.failure?.reason).toBe('The published checkpoint at entry 9 has a wrong signature.')
  })

  test('without a public key only the chain is checked, and the result says so', () => {
    const result = verifyLines(forge(sample.lines, stranger), { publicKeys: [] })

    expect(result).toMatchObject({ verdict: 'intact', hasKeys: false, signedUpTo: 0 })
  })

  test('checkpoints of an earlier key count when its public key is given too', () => {
    const forged = forge(sample.lines, stranger)

    const result = verifyLines(forged, { publicKeys: [sample.signer.publicKey, stranger.publicKey] })

    expect(result).toMatchObject({ verdict: 'intact', signedUpTo: 23 })
  })

  test('an outcome without a pending entry shows, though its hashes are right', () => {
    const lines = rechain(sample.lines, (body, seq) => (seq === 1 ? body.replace('"pending"', '"success"') : body))

    expect(verifyLines(lines, { publicKeys: [] }).failure).toMatchObject({
      seq: 1,
      reason: 'Entry 1 is the outcome of a call that has no pending entry, or has ended before.',
    })
  })

  test('a call that begins twice shows, though its hashes are right', () => {
    const lines = rechain(sample.lines, (body, seq) => (seq === 2 ? body.replace('"success"', '"pending"') : body))

    expect(verifyLines(lines, { publicKeys: [] }).failure?.reason).toContain('already under way')
  })
})

describe('scripts/verify-audit.mjs', () => {
  test('needs nothing but Node', () => {
    const alone = join(directory, 'alone.mjs')
    const copied = spawnSync('cp', [SCRIPT, alone])
    expect(copied.status).toBe(0)

    const run = spawnSync(process.execPath, [alone, '-', '--key', keyFile], {
      encoding: 'utf8',
      input: toText(sample.lines),
    })

    expect(run.stderr).toBe('')
    expect(run.status).toBe(0)
    expect(run.stdout).toBe(
      [
        'The audit log is intact: 23 entries (1 to 23), every hash and every link holds.',
        'Signed up to entry 23 (3 checkpoints in it).',
        '1 call without an outcome so far.',
        `Head: ${checkpointAt(23).checkpoint.head_hash}`,
        '',
      ].join('\n'),
    )
  })

  test.each(TAMPERED)('agrees with the server when %s', (_name, change) => {
    const lines = change()

    const run = runScript(['-', '--key', keyFile, '--json'], toText(lines))

    expect(JSON.parse(run.stdout)).toEqual(verify(lines))
    expect(run.status).toBe(1)
  })

  test('says in plain words what is wrong, and where', () => {
    const lines = replaced(5, lineAt(5).replace('alice', 'mallo'))
    writeFileSync(join(directory, 'bad.jsonl'), toText(lines))

    const run = runScript(['bad.jsonl', '--key', keyFile])

    expect(run.status).toBe(1)
    expect(run.stdout).toBe(
      'The audit log is NOT intact (line 6): Entry 5 was changed: its bytes do not give the hash that is recorded for it.\n' +
        'Up to entry 4 the chain holds.\n',
    )
  })

  test.each([
    [
      'a byte that is not UTF-8',
      (bytes: Buffer) => bytes.fill(0xff, bytes.indexOf('größe') + 2, bytes.indexOf('größe') + 3),
    ],
    ['a byte order mark', (bytes: Buffer) => Buffer.concat([Buffer.from('\ufeff'), bytes])],
    ['no line feed at the end', (bytes: Buffer) => bytes.subarray(0, -1)],
    ['an end in the middle of a line', (bytes: Buffer) => bytes.subarray(0, -100)],
    ['an empty line at the end', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('\n')])],
  ])('refuses a file with %s', (_name, change) => {
    const run = runScript(['-', '--key', keyFile], change(Buffer.from(toText(sample.lines))))

    expect(run.status).toBe(1)
    expect(run.stdout).toContain('NOT intact')
  })

  test('refuses a byte that is not UTF-8 in place of a replacement character', async () => {
    const bytes = Buffer.from(toText(sample.lines))
    const at = bytes.indexOf('ß')
    bytes[at] = 0xff

    const run = runScript(['-', '--key', keyFile, '--json'], bytes)

    expect((JSON.parse(run.stdout) as Verification).failure).toMatchObject({ line: 2, seq: 1 })
  })

  test('takes checkpoints that were kept elsewhere', () => {
    writeFileSync(join(directory, 'checkpoints.jsonl'), `${JSON.stringify(checkpointAt(20))}\n`)

    const good = runScript(['-', '--key', keyFile, '--checkpoint', 'checkpoints.jsonl'], toText(sample.lines))
    const forged = runScript(
      ['-', '--key', keyFile, '--checkpoint', 'checkpoints.jsonl'],
      toText(forge(sample.lines, undefined)),
    )

    expect(good.stdout).toContain('1 published checkpoint agrees with it.')
    expect([good.status, forged.status]).toEqual([0, 1])
  })

  test.each([
    ['nothing to check', [], /Name the export to check/],
    ['a file that is not there', ['missing.jsonl'], /missing\.jsonl/],
    ['an unknown option', ['--quick'], /--quick/],
    ['a key that is not one', ['-', '--key', SCRIPT], /no public key in PEM form/],
    ['checkpoints that are none', ['-', '--checkpoint', SCRIPT], /does not hold checkpoints/],
  ])('says how it is used and exits with 2 when given %s', (_name, args, message) => {
    const run = runScript(args, '')

    expect(run.status).toBe(2)
    expect(run.stderr).toMatch(message)
    expect(run.stderr).toContain('node verify-audit.mjs EXPORT.jsonl')
  })

  test('says that signatures were not checked when it has no key', () => {
    const run = runScript(['-'], toText(sample.lines))

    expect(run.status).toBe(0)
    expect(run.stdout).toContain('Signatures were NOT checked')
  })
})
