import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Verification } from '../../src/audit/verify.js'
import { verifyLines } from '../../src/audit/verify-export.js'
import { createSample, rechain, type Sample } from './samples.js'
import { checkpointAt, lineAt, TAMPERED } from './tampered.js'

let sample: Sample

beforeAll(async () => {
  sample = await createSample()
})

function verify(lines: readonly string[]): Verification {
  return verifyLines(lines, { publicKeys: [sample.signer.publicKey] })
}

describe('an export', () => {
  test('that nobody touched is intact, and says how far it is signed', () => {
    expect(verify(sample.lines)).toEqual({
      verdict: 'intact',
      entries: 23,
      after: 0,
      lastSeq: 23,
      headHash: checkpointAt(sample.lines, 23).checkpoint.head_hash,
      checkpoints: 3,
      publishedChecked: 0,
      signedUpTo: 23,
      isStartSigned: true,
      openCalls: 1,
      hasKeys: true,
    })
  })

  test.each(TAMPERED)('is not intact when %s', (_name, change, seq, reason) => {
    const { verdict, failure } = verify(change(sample.lines))

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
      index.map((at) => sample.lines.toSpliced(at, 0, lineAt(sample.lines, at))),
      fc.tuple(index, index).map(([a, b]) => sample.lines.toSpliced(a, 1).toSpliced(b, 0, lineAt(sample.lines, a))),
      fc
        .tuple(index, index)
        .map(([a, b]) => sample.lines.with(a, lineAt(sample.lines, b)).with(b, lineAt(sample.lines, a))),
      fc.tuple(index, index).map(([a, b]) => sample.lines.with(a, lineAt(sample.lines, b))),
    )

    fc.assert(
      fc.property(change, (changed) => {
        fc.pre(changed.join('\n') !== sample.lines.join('\n'))

        expect(verify(changed).verdict).toBe('broken')
      }),
      { numRuns: 1000 },
    )
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
