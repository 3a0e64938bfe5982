import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AuditLog } from '../../src/audit/log.js'
import { parsePublicKeys, toPublicKeyPem } from '../../src/audit/signing-key.js'
import { verifyLines } from '../../src/audit/verify-export.js'
import { auditCommand } from '../../src/cli/audit.js'
import { toKeyId } from '../../src/lib/crypto.js'
import { createWorkspace, recordCall, type Workspace } from './fixture.js'

let workspace: Workspace
let log: AuditLog

beforeEach(async () => {
  workspace = createWorkspace()
  log = workspace.open({ lazyMs: 60_000, checkpointEvery: 4 })
  for (let index = 0; index < 3; index++) {
    await recordCall(log, `c-${index}`)
    await log.flush()
  }
})

afterEach(() => {
  workspace.remove()
})

/** Runs `aegis audit` beside the server that holds the log open. */
async function run(
  args: readonly string[],
  { keys = [workspace.signer.publicKey], path = workspace.path }: { keys?: readonly KeyObject[]; path?: string } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const read = async (stream: PassThrough) => Buffer.concat(await stream.toArray()).toString()
  const texts = Promise.all([read(stdout), read(stderr)])
  try {
    const code = await auditCommand.run(args, { databasePath: path, auditPublicKeys: keys, stdout, stderr })
    stdout.end()
    stderr.end()
    const [out, err] = await texts
    return { code, stdout: out, stderr: err }
  } finally {
    stdout.end()
    stderr.end()
  }
}

function toLines(text: string): string[] {
  return text.split('\n').slice(0, -1)
}

describe('aegis audit verify', () => {
  test('checks the log of a running server and says how far it is signed', async () => {
    const { code, stdout } = await run(['verify'])

    expect(code).toBe(0)
    expect(stdout).toBe(
      [
        'The audit log is intact: 6 entries (1 to 6), every hash and every link holds.',
        'Signed up to entry 4 (1 checkpoint in it).',
        '2 entries behind it not signed yet.',
        `Head: ${log.head().hash}`,
        '',
      ].join('\n'),
    )
  })

  test('exits with 1 and names the first bad entry when the log was changed', async () => {
    workspace.store.sqlite.exec('DROP TRIGGER audit_entry_no_update')
    workspace.store.sqlite.exec(`UPDATE audit_entry SET body = replace(body, 'alice', 'mallo') WHERE seq = 3`)

    const { code, stdout } = await run(['verify'])

    expect(code).toBe(1)
    expect(stdout).toContain('The audit log is NOT intact: Entry 3 was changed')
  })

  test('tells programs in JSON', async () => {
    const { stdout } = await run(['verify', '--json'])

    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'intact', entries: 6, signedUpTo: 4, hasKeys: true })
  })

  test('holds the log against checkpoints that were kept elsewhere', async () => {
    const kept = join(workspace.directory, 'kept.jsonl')
    writeFileSync(kept, (await run(['checkpoint'])).stdout)

    expect((await run(['verify', '--checkpoint', kept])).stdout).toContain('1 published checkpoint agrees with it.')

    workspace.store.sqlite.exec('DROP TRIGGER audit_entry_no_delete; DROP TRIGGER audit_checkpoint_no_delete')
    workspace.store.sqlite.exec('DELETE FROM audit_entry WHERE seq > 2; DELETE FROM audit_checkpoint')
    expect((await run(['verify'])).code).toBe(0)
    const cut = await run(['verify', '--checkpoint', kept])
    expect(cut.code).toBe(1)
    expect(cut.stdout).toContain('Entries 3 to 4 are missing. A published checkpoint says the log had 4 entries.')
  })

  test('needs the public key of an earlier signing key, and takes it from a file', async () => {
    const other = generateKeyPairSync('ed25519').publicKey
    const file = join(workspace.directory, 'earlier.pem')
    writeFileSync(file, toPublicKeyPem(workspace.signer.publicKey))

    const without = await run(['verify'], { keys: [other] })
    const having = await run(['verify', '--key', file], { keys: [other] })

    expect(without).toMatchObject({ code: 1, stdout: expect.stringContaining(workspace.signer.keyId) })
    expect(having.code).toBe(0)
  })
})

describe('aegis audit export', () => {
  test('writes a file that verifies, and says on the side where to go on', async () => {
    const { code, stdout, stderr } = await run(['export'])

    expect(code).toBe(0)
    expect(verifyLines(toLines(stdout), { publicKeys: [workspace.signer.publicKey] })).toMatchObject({
      verdict: 'intact',
      entries: 6,
    })
    expect(stderr).toBe('Exported 6 entries, up to 6. Go on from there with --after 6.\n')
  })

  test('goes on behind an entry, up to the last checkpoint where asked', async () => {
    const { stdout } = await run(['export', '--after', '2', '--signed'])

    expect(verifyLines(toLines(stdout), { publicKeys: [] })).toMatchObject({ after: 2, entries: 2, lastSeq: 4 })
  })

  test.each([
    [['--user', 'ALICE'], 6],
    [['--user', 'bob'], 0],
    [['--tool', 'get_file_contents', '--repository', 'octo/widgets', '--type', 'tool_invocation'], 6],
    [['--since', '2026-11-21', '--until', '2026-11-22'], 6],
    [['--since', '2026-11-21T13:00:00+01:00'], 6],
    [['--until', '2026-11-21T12:00:00Z'], 0],
  ])('with %j holds %i entries', async (filter, entries) => {
    const { stdout } = await run(['export', ...filter])

    expect(verifyLines(toLines(stdout), { publicKeys: [] })).toMatchObject({ verdict: 'filtered', entries })
  })

  test('waits for a slow reader instead of piling up the log in memory', async () => {
    for (let index = 0; index < 5000; index++) {
      log.recordSoon({ type: 'security_event', reason: `event ${index}`, details: { text: 'x'.repeat(200) } })
    }
    await log.flush()
    let largest = 0
    let chunks = 0
    const slow = new Writable({
      highWaterMark: 1024,
      write(_chunk, _encoding, done) {
        chunks += 1
        largest = Math.max(largest, this.writableLength)
        setImmediate(done)
      },
    })

    const code = await auditCommand.run(['export'], {
      databasePath: workspace.path,
      auditPublicKeys: [],
      stdout: slow,
      stderr: new PassThrough(),
    })

    expect(code).toBe(0)
    expect(chunks).toBeGreaterThan(20)
    expect(largest).toBeLessThan(200_000)
  })
})

test('a reader that has seen enough of an export is no error', async () => {
  const leaving = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
  })
  const context = { databasePath: workspace.path, auditPublicKeys: [], stderr: new PassThrough() }

  expect(await auditCommand.run(['export'], { ...context, stdout: leaving })).toBe(0)
})

test('aegis audit checkpoint says that there is none before the first', async () => {
  const empty = createWorkspace()
  try {
    await expect(run(['checkpoint'], { path: empty.path })).rejects.toThrow('No checkpoint has been signed yet.')
  } finally {
    empty.remove()
  }
})

test('aegis audit public-key writes every key, in a form that --key reads', async () => {
  const other = generateKeyPairSync('ed25519').publicKey

  const { stdout } = await run(['public-key'], { keys: [workspace.signer.publicKey, other] })

  expect(parsePublicKeys(stdout).map(toKeyId)).toEqual([workspace.signer.keyId, toKeyId(other)])
  expect(stdout).toContain(workspace.signer.keyId)
})

test.each([
  ['nothing to do', [], 'Name what to do.'],
  ['an unknown action', ['rewrite'], 'There is no “aegis audit rewrite”.'],
  ['an unknown option', ['verify', '--fast'], "Unknown option '--fast'"],
  ['a place that is no number', ['export', '--after', 'x'], '--after is the number of an entry'],
  ['a type that does not exist', ['export', '--type', 'login'], '--type is one of tool_invocation'],
  ['a time that is none', ['export', '--since', 'yesterday'], '--since is a date or a time'],
  ['a place behind the end', ['export', '--after', '70'], 'the audit log ends at entry 6'],
  ['a key file that is not there', ['verify', '--key', 'missing.pem'], 'missing.pem cannot be read'],
  ['a key file without a key', ['verify', '--key', 'package.json'], 'no public key in PEM form'],
  ['checkpoints that are none', ['verify', '--checkpoint', 'package.json'], 'does not hold checkpoints'],
])('is refused with what to change when given %s', async (_name, args, message) => {
  await expect(run(args)).rejects.toThrow(message)
})

test('a database that is not there is named', async () => {
  await expect(run(['verify'], { path: join(workspace.directory, 'other.db') })).rejects.toThrow('other.db')
})

test('a key that is not Ed25519 is refused', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey

  expect(() => parsePublicKeys(toPublicKeyPem(rsa))).toThrow('not an Ed25519 public key')
  expect(() => parsePublicKeys(toPublicKeyPem(workspace.signer.publicKey).replace('MCow', 'MCox'))).toThrow(
    'not an Ed25519',
  )
})
