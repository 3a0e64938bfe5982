import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toPublicKeyPem } from '../../src/audit/signing-key.js'
import type { Verification } from '../../src/audit/verify.js'
import { verifyLines } from '../../src/audit/verify-export.js'
import { createSample, forge, type Sample } from './samples.js'
import { checkpointAt, lineAt, replaced, TAMPERED } from './tampered.js'

const SCRIPT = new URL('../../scripts/verify-audit.mjs', import.meta.url).pathname

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

function verify(lines: readonly string[]): Verification {
  return verifyLines(lines, { publicKeys: [sample.signer.publicKey] })
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
        `Head: ${checkpointAt(sample.lines, 23).checkpoint.head_hash}`,
        '',
      ].join('\n'),
    )
  })

  test.each(TAMPERED)('agrees with the server when %s', (_name, change) => {
    const lines = change(sample.lines)

    const run = runScript(['-', '--key', keyFile, '--json'], toText(lines))

    expect(JSON.parse(run.stdout)).toEqual(verify(lines))
    expect(run.status).toBe(1)
  })

  test('says in plain words what is wrong, and where', () => {
    const lines = replaced(sample.lines, 5, lineAt(sample.lines, 5).replace('alice', 'mallo'))
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
    writeFileSync(join(directory, 'checkpoints.jsonl'), `${JSON.stringify(checkpointAt(sample.lines, 20))}\n`)

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
