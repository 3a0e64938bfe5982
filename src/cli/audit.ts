import type { KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { type SignedCheckpoint, toCheckpointLine } from '../audit/checkpoint.js'
import { type ExportFilter, exportLines, verifyStored } from '../audit/export.js'
import { findLastCheckpoint } from '../audit/read.js'
import { AUDIT_TYPES } from '../audit/record.js'
import { parsePublicKeys, toPublicKeyPem } from '../audit/signing-key.js'
import type { Verification } from '../audit/verify.js'
import { type ExportEnd, findCheckpoints } from '../audit/verify-export.js'
import { toReport } from '../audit/verify-report.js'
import { openStoreBeside, type Store } from '../db/open.js'
import { toKeyId } from '../lib/crypto.js'
import { InvalidInput, toErrorText } from '../lib/errors.js'
import { KIB } from '../lib/units.js'
import { Misuse, toErrorCode } from './command.js'

interface AuditCommandContext {
  readonly databasePath: string
  /** Of the current signing key and all earlier ones. */
  readonly auditPublicKeys: readonly KeyObject[]
  readonly stdout: NodeJS.WritableStream
  readonly stderr: NodeJS.WritableStream
}

const USAGE = `aegis audit verify [--key <file>]... [--checkpoint <file>]... [--json]
  Checks the whole log beside a running server. --key: more public keys (PEM). --checkpoint: checkpoints that were
  kept elsewhere, one a line. Exit code 0 when the chain is intact, 1 when it is not.

aegis audit export [--after <seq>] [--signed] [filters]
  Writes the log as JSON lines, from the entry behind --after. --signed ends at the last signed checkpoint.
  Filters: --user <login>  --tool <name>  --repository <owner/name>  --type <${AUDIT_TYPES.join('|')}>
           --since <time>  --until <time>     (a filtered export cannot prove that nothing is missing)

aegis audit checkpoint
  Writes the last signed checkpoint as one line, to be kept where this server cannot change it.

aegis audit public-key
  Writes the public keys (PEM) that check the checkpoints.
`

const EXIT_CODES = { intact: 0, broken: 1, filtered: 2 } as const satisfies Record<Verification['verdict'], number>
const CHUNK_CHARS = 64 * KIB

/** `aegis audit`: checks, exports and publishes the log beside a running server, or without one. */
export const auditCommand = {
  name: 'audit',
  summary: 'verify or export the audit log, print its checkpoint or public key',

  usage: USAGE,
  run: runAudit,
} as const

async function runAudit([action, ...rest]: readonly string[], context: AuditCommandContext): Promise<number> {
  switch (action) {
    case 'verify':
      return verifyLog(rest, context)
    case 'export':
      return exportLog(rest, context)
    case 'checkpoint':
      return printCheckpoint(rest, context)
    case 'public-key':
      return printPublicKeys(rest, context)
    default:
      throw new Misuse(action === undefined ? 'Name what to do.' : `There is no “aegis audit ${action}”.`)
  }
}

async function verifyLog(args: readonly string[], context: AuditCommandContext): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      key: { type: 'string', multiple: true, default: [] },
      checkpoint: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
    },
  })
  const publicKeys = [...context.auditPublicKeys, ...values.key.flatMap((file) => parsePublicKeys(readText(file)))]
  const published = values.checkpoint.flatMap(readCheckpoints)
  const result = await readStore(context.databasePath, (store) => verifyStored(store.sqlite, { publicKeys, published }))
  context.stdout.write(values.json ? `${JSON.stringify(result)}\n` : `${toReport(result).join('\n')}\n`)
  return EXIT_CODES[result.verdict]
}

async function exportLog(
  args: readonly string[],
  { databasePath, stdout, stderr }: AuditCommandContext,
): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      after: { type: 'string', default: '0' },
      signed: { type: 'boolean', default: false },
      user: { type: 'string' },
      tool: { type: 'string' },
      repository: { type: 'string' },
      type: { type: 'string' },
      since: { type: 'string' },
      until: { type: 'string' },
    },
  })
  const after = parseSeq(values.after)
  const filter = toFilter(values)
  await readStore(databasePath, async (store) => {
    const lines = exportLines(store.sqlite, { after, isSignedOnly: values.signed, filter })
    // a pipeline, so that a slow reader does not make the whole log pile up in memory
    const report = ({ entries, last_seq }: ExportEnd) => {
      stderr.write(`Exported ${entries} entries, up to ${last_seq}. Go on from there with --after ${last_seq}.\n`)
    }
    try {
      await pipeline(Readable.from(toChunks(lines, report)), stdout, { end: false })
    } catch (error) {
      // the reader has seen enough, as in `aegis audit export | head`
      if (toErrorCode(error) !== 'EPIPE') {
        throw error
      }
    }
  })
  return 0
}

function* toChunks(lines: Generator<string, ExportEnd>, onEnd: (end: ExportEnd) => void): Generator<string> {
  let chunk = ''
  let next = lines.next()
  while (!next.done) {
    chunk += `${next.value}\n`
    if (chunk.length >= CHUNK_CHARS) {
      yield chunk
      chunk = ''
    }
    next = lines.next()
  }
  yield chunk
  onEnd(next.value)
}

async function printCheckpoint(args: readonly string[], context: AuditCommandContext): Promise<number> {
  parseArgs({ args: [...args], options: {} })
  const checkpoint = await readStore(context.databasePath, (store) => findLastCheckpoint(store.sqlite))
  if (checkpoint === undefined) {
    throw new InvalidInput('No checkpoint has been signed yet.')
  }
  context.stdout.write(`${toCheckpointLine(checkpoint)}\n`)
  return 0
}

function printPublicKeys(args: readonly string[], { auditPublicKeys, stdout }: AuditCommandContext): number {
  parseArgs({ args: [...args], options: {} })
  for (const key of auditPublicKeys) {
    // text outside the markers is ignored by every reader of PEM
    stdout.write(`key ${toKeyId(key)}\n${toPublicKeyPem(key)}`)
  }
  return 0
}

function toFilter(values: Partial<Record<keyof ExportFilter, string>>): ExportFilter {
  const { user, tool, repository, since, until } = values
  const type = AUDIT_TYPES.find((known) => known === values.type)
  if (values.type !== undefined && type === undefined) {
    throw new Misuse(`--type is one of ${AUDIT_TYPES.join(', ')}.`)
  }
  return {
    ...(user !== undefined && { user }),
    ...(tool !== undefined && { tool }),
    ...(repository !== undefined && { repository }),
    ...(type !== undefined && { type }),
    ...(since !== undefined && { since: parseTime('--since', since) }),
    ...(until !== undefined && { until: parseTime('--until', until) }),
  }
}

function parseSeq(text: string): number {
  if (!/^\d{1,15}$/.test(text)) {
    throw new Misuse('--after is the number of an entry, for example 1200.')
  }
  return Number(text)
}

function parseTime(option: string, text: string): string {
  const at = Date.parse(text)
  if (Number.isNaN(at)) {
    throw new Misuse(`${option} is a date or a time, for example 2026-11-01 or 2026-11-01T08:00:00Z.`)
  }
  return new Date(at).toISOString()
}

function readCheckpoints(file: string): SignedCheckpoint[] {
  const found = findCheckpoints(readText(file))
  if (found === undefined) {
    throw new InvalidInput(`${file} does not hold checkpoints, one a line.`)
  }
  return found
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    // a file that the operator named on the command line
    throw new InvalidInput(`${file} cannot be read: ${toErrorText(error)}.`, { cause: error })
  }
}

async function readStore<Result>(
  databasePath: string,
  work: (store: Store) => Result | Promise<Result>,
): Promise<Result> {
  const store = openStoreBeside(databasePath, { readonly: true })
  try {
    return await work(store)
  } finally {
    store.close()
  }
}
