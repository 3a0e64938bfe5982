import { beforeAll, describe, expect, test } from 'vitest'
import type { SignedCheckpoint } from '../../src/audit/checkpoint.js'
import type { Verification } from '../../src/audit/verify.js'
import { verifyLines } from '../../src/audit/verify-export.js'
import { createSample, findEntryLine, forge, type Sample, toEndLine } from './samples.js'
import { checkpointAt, lineAt, stranger } from './tampered.js'

let sample: Sample

beforeAll(async () => {
  sample = await createSample()
})

function verify(lines: readonly string[], published: readonly SignedCheckpoint[] = []): Verification {
  return verifyLines(lines, { publicKeys: [sample.signer.publicKey], published })
}

describe('an export', () => {
  test('that was rewritten from the start without checkpoints looks intact, and says that nothing signs it', () => {
    const result = verify(forge(sample.lines, undefined))

    expect(result).toMatchObject({ verdict: 'intact', signedUpTo: 0, checkpoints: 0 })
  })

  test('that was rewritten from the start is found out by one checkpoint kept elsewhere', () => {
    expect(verify(forge(sample.lines, undefined), [checkpointAt(sample.lines, 10)])).toMatchObject({
      verdict: 'broken',
      failure: { seq: 1, reason: expect.stringContaining('The published checkpoint at entry 10') },
    })
  })

  test('that was cut with its checkpoints is found out by one checkpoint kept elsewhere', () => {
    const cut = sample.lines.slice(
      0,
      sample.lines.findIndex((line) => line.includes('"size":20')),
    )
    const [, hash = ''] =
      /"entry_hash":"([0-9a-f]{64})"/.exec(lineAt(sample.lines, findEntryLine(sample.lines, 20))) ?? []
    const lines = [...cut, toEndLine(20, hash, 20, 1)]

    expect(verify(lines)).toMatchObject({ verdict: 'intact', lastSeq: 20, signedUpTo: 10 })
    expect(verify(lines, [checkpointAt(sample.lines, 23)])).toMatchObject({
      verdict: 'broken',
      failure: { seq: 21, reason: expect.stringMatching(/Entries 21 to 23 are missing.*published/) },
    })
    expect(verify(lines, [checkpointAt(sample.lines, 20)])).toMatchObject({
      verdict: 'intact',
      publishedChecked: 1,
      signedUpTo: 20,
    })
  })

  test('a published checkpoint that nobody of ours signed is not believed', () => {
    const { checkpoint, signature } = checkpointAt(sample.lines, 10)

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
})
