// The program that becomes scripts/verify-audit.mjs: it checks an export on a machine that has nothing but Node.
import { isUtf8 } from 'node:buffer'
import type { KeyObject } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { SignedCheckpoint } from './checkpoint.js'
import { parsePublicKeys } from './signing-key.js'
import type { Verification } from './verify.js'
import { ExportVerifier, findCheckpoints } from './verify-export.js'
import { toReport } from './verify-report.js'

const USAGE = `Checks an audit export of AegisGitea MCP, offline.

  node verify-audit.mjs EXPORT.jsonl... --key PUBLIC.pem

  EXPORT.jsonl        one or more segments, in order; - reads standard input
  --key FILE          public key of the checkpoints (PEM); again for older keys
  --checkpoint FILE   checkpoints that were kept elsewhere, one a line
  --json              the result as JSON
  --help              this text

Exit code 0: the chain is intact. 1: it is not. 2: it cannot be told (a filtered export, an unreadable file, wrong arguments).
`

const EXIT_CODES = { intact: 0, broken: 1, filtered: 2 } as const satisfies Record<Verification['verdict'], number>

interface Request {
  readonly files: readonly string[]
  readonly publicKeys: readonly KeyObject[]
  readonly published: readonly SignedCheckpoint[]
  readonly isJson: boolean
}

function parseRequest(args: string[]): Request | undefined {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      key: { type: 'string', multiple: true, default: [] },
      checkpoint: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    return undefined
  }
  if (positionals.length === 0) {
    throw new Error('Name the export to check.')
  }
  return {
    files: positionals,
    publicKeys: values.key.flatMap((file) => parsePublicKeys(readFileSync(file, 'utf8'))),
    published: values.checkpoint.flatMap(loadCheckpoints),
    isJson: values.json,
  }
}

function loadCheckpoints(file: string): SignedCheckpoint[] {
  const found = findCheckpoints(readFileSync(file, 'utf8'))
  if (found === undefined) {
    throw new Error(`${file} does not hold checkpoints, one a line.`)
  }
  return found
}

/** Feeds a file to the verifier. Lines end at line feeds only: JSON strings may hold other line separators. */
async function readExport(file: string, verifier: ExportVerifier): Promise<void> {
  const stream: AsyncIterable<Buffer> =
    file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1 << 20 })
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of stream) {
    const end = chunk.lastIndexOf(10)
    if (end === -1) {
      rest = Buffer.concat([rest, chunk])
      continue
    }
    const block = rest.length === 0 ? chunk.subarray(0, end) : Buffer.concat([rest, chunk.subarray(0, end)])
    rest = chunk.subarray(end + 1)
    takeBlock(block, verifier)
    if (verifier.isBroken) {
      return
    }
  }
  if (rest.length > 0) {
    takeBlock(rest, verifier)
    verifier.fail('The file ends in the middle of a line: it was cut off.')
  }
}

function takeBlock(block: Buffer, verifier: ExportVerifier): void {
  if (isUtf8(block)) {
    for (const line of block.toString('utf8').split('\n')) {
      verifier.line(line)
    }
    return
  }
  for (let start = 0; start <= block.length; ) {
    const feed = block.indexOf(10, start)
    const line = block.subarray(start, feed === -1 ? block.length : feed)
    // not as UTF-8: broken bytes would become U+FFFD, and hide a change of one that was U+FFFD before
    verifier.line(line.toString(isUtf8(line) ? 'utf8' : 'latin1'))
    start += line.length + 1
  }
}

async function main(): Promise<number> {
  const request = parseRequest(process.argv.slice(2))
  if (request === undefined) {
    process.stdout.write(USAGE)
    return 0
  }
  const verifier = new ExportVerifier(request)
  for (const file of request.files) {
    await readExport(file, verifier)
  }
  const result = verifier.finish()
  process.stdout.write(request.isJson ? `${JSON.stringify(result)}\n` : `${toReport(result).join('\n')}\n`)
  return EXIT_CODES[result.verdict]
}

try {
  process.exitCode = await main()
} catch (error) {
  // the program's own edge: wrong arguments and unreadable files are told, not thrown at the user
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
  process.exitCode = 2
}
