// The JSONL form of the log, line by line: a header, entries with checkpoints between them, an end. Several segments
// may follow one another. Every byte of a complete export is covered: nothing in it can change and still pass.
import { findCanonicalJson } from './canonical-json.js'
import { findCheckpoint, type SignedCheckpoint } from './checkpoint.js'
import { ChainVerifier, type Verification, type VerifyOptions } from './verify.js'

const HASH = /^[0-9a-f]{64}$/
const HASH_START = ',"entry_hash":"'
/** Length of `,"entry_hash":"<64 hex digits>"}`, which closes an entry's line. */
const HASH_TAIL = HASH_START.length + 64 + 2

/** First line of a segment. */
export interface ExportHeader {
  readonly audit_export: 1
  /** The segment holds the entries behind this one. */
  readonly after: number
  /** Hash of that entry, or zeros. */
  readonly prev_hash: string
  /** `filtered`: entries are missing by design, so the chain cannot be verified. */
  readonly chain: 'complete' | 'filtered'
  readonly filter?: Readonly<Record<string, string>>
}

/** Last line of a segment, so that a file that was cut off is noticed even where no checkpoint tells. */
export interface ExportEnd {
  readonly audit_export_end: 1
  readonly entries: number
  readonly checkpoints: number
  readonly last_seq: number
  readonly head_hash: string
}

/** The entry's own bytes stay as they were hashed; its hash is put in behind. */
export function toEntryLine(body: string, entryHash: string): string {
  return `${body.slice(0, -1)}${HASH_START}${entryHash}"}`
}

/** Takes an export line by line, without their line feeds. */
export class ExportVerifier {
  readonly #chain: ChainVerifier
  #line = 0
  #state: 'start' | 'segment' | 'between' = 'start'
  #isFiltered = false
  #entries = 0
  #checkpoints = 0

  constructor(options: VerifyOptions) {
    this.#chain = new ChainVerifier(options)
  }

  get isBroken(): boolean {
    return this.#chain.isBroken
  }

  line(text: string): void {
    this.#line += 1
    if (this.isBroken) {
      return
    }
    if (this.#state === 'segment' && text.startsWith(HASH_START, text.length - HASH_TAIL) && text.endsWith('"}')) {
      this.#entries += 1
      this.#chain.entry(`${text.slice(0, -HASH_TAIL)}}`, text.slice(-66, -2), this.#line)
      return
    }
    const value = findCanonicalJson(text)
    if (this.#state === 'segment') {
      this.#takeCheckpointOrEnd(value, text)
    } else {
      this.#takeHeader(value)
    }
  }

  /** For what is wrong with the file itself, before it becomes lines. */
  fail(reason: string): void {
    this.#chain.fail(reason, { line: this.#line + 1 })
  }

  finish(): Verification {
    if (this.#state === 'start') {
      this.fail('There is no audit export here: the file is empty.')
    } else if (this.#state === 'segment') {
      this.fail(`The export was cut off after entry ${this.#chain.head.seq}: its last line is missing.`)
    }
    return this.#chain.finish()
  }

  #takeHeader(value: unknown): void {
    const header = findHeader(value)
    if (header === undefined) {
      this.#failLine(
        this.#state === 'start'
          ? 'This is not an audit export: it does not begin with the line that every export begins with.'
          : 'Something follows the end of the export that is not another export.',
      )
      return
    }
    const { head } = this.#chain
    const isFiltered = header.chain === 'filtered'
    if (this.#state === 'start') {
      if (isFiltered) {
        this.#chain.allowGaps()
      }
      this.#isFiltered = isFiltered
      this.#chain.startAfter(header.after, header.prev_hash)
    } else if (isFiltered || this.#isFiltered) {
      this.#failLine('A filtered export stands alone: check it by itself.')
    } else if (header.after !== head.seq || header.prev_hash !== head.hash) {
      this.#failLine(
        `The next segment does not continue this one: this one ends at entry ${head.seq}, that one continues entry ${header.after}.`,
      )
    }
    this.#state = 'segment'
    this.#entries = 0
    this.#checkpoints = 0
  }

  #takeCheckpointOrEnd(value: unknown, text: string): void {
    const checkpoint = findCheckpoint(value)
    if (checkpoint !== undefined && !this.#isFiltered) {
      this.#checkpoints += 1
      this.#chain.checkpoint(checkpoint, this.#line)
      return
    }
    const end = findEnd(value)
    if (end === undefined) {
      const next = this.#chain.head.seq + 1
      this.#failLine(
        text.endsWith('\r')
          ? 'The line endings were changed: an export has single line feeds.'
          : `The line where entry ${next} should be is not as the export wrote it: changed, cut off, or reformatted.`,
        next,
      )
      return
    }
    const { head } = this.#chain
    if (end.entries !== this.#entries || end.last_seq !== head.seq || end.head_hash !== head.hash) {
      this.#failLine(`The end of the export says ${end.entries} entries up to ${end.last_seq}: some are missing.`)
    } else if (end.checkpoints !== this.#checkpoints) {
      this.#failLine(`The end of the export says ${end.checkpoints} checkpoints; there are ${this.#checkpoints}.`)
    }
    this.#state = 'between'
  }

  #failLine(reason: string, seq?: number): void {
    this.#chain.fail(reason, seq === undefined ? { line: this.#line } : { seq, line: this.#line })
  }
}

/** Checks a whole export that is at hand as lines without line feeds. */
export function verifyLines(lines: Iterable<string>, options: VerifyOptions): Verification {
  const verifier = new ExportVerifier(options)
  for (const line of lines) {
    verifier.line(line)
  }
  return verifier.finish()
}

/** Checkpoints that were published elsewhere, one a line; undefined when a line is something else. */
export function findCheckpoints(text: string): SignedCheckpoint[] | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  const found = lines.map((line) => findCheckpoint(findJson(line)))
  const checkpoints = found.filter((item) => item !== undefined)
  return checkpoints.length === found.length && found.length > 0 ? checkpoints : undefined
}

function findHeader(value: unknown): ExportHeader | undefined {
  if (typeof value !== 'object' || value === null) {
    return undefined
  }
  const { audit_export, after, prev_hash, chain, filter, ...rest } = value as Record<string, unknown>
  const isPlaced = typeof after === 'number' && Number.isSafeInteger(after) && after >= 0
  if (audit_export !== 1 || !isPlaced || typeof prev_hash !== 'string' || Object.keys(rest).length > 0) {
    return undefined
  }
  if (!HASH.test(prev_hash) || (after === 0 && /[^0]/.test(prev_hash))) {
    return undefined
  }
  if (chain === 'complete' && filter === undefined) {
    return { audit_export, after, prev_hash, chain }
  }
  if (chain !== 'filtered' || typeof filter !== 'object' || filter === null || Object.keys(filter).length === 0) {
    return undefined
  }
  // shown to nobody and used for nothing, so its values need no check
  return { audit_export, after, prev_hash, chain, filter: filter as Record<string, string> }
}

function findEnd(value: unknown): ExportEnd | undefined {
  if (typeof value !== 'object' || value === null) {
    return undefined
  }
  const { audit_export_end, entries, checkpoints, last_seq, head_hash, ...rest } = value as Record<string, unknown>
  if (audit_export_end !== 1 || Object.keys(rest).length > 0 || typeof head_hash !== 'string') {
    return undefined
  }
  if (typeof entries !== 'number' || typeof checkpoints !== 'number' || typeof last_seq !== 'number') {
    return undefined
  }
  return { audit_export_end, entries, checkpoints, last_seq, head_hash }
}

function findJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // the text comes from a file that anyone may have written
    return undefined
  }
}
