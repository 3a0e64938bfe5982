import { setImmediate } from 'node:timers/promises'
import type { DiffFile } from '../gitea/diff.js'
import { findSecrets } from '../redact/secrets.js'

/*
 * Which secrets a commit brings into its files. Nothing of a secret leaves this file: not its text, not its length, and
 * no digest that could be tried out against.
 */

export interface AddedSecret {
  readonly path: string
  readonly rule: string
  /** In the new file, from 1: the first added line that the secret reaches into. */
  readonly line: number
}

/** One hunk as a file has it on one side. */
interface Side {
  readonly lines: readonly string[]
  /** The number of each in the file. */
  readonly numbers: readonly number[]
  /** Of each, whether only this side has it. */
  readonly isOwn: readonly boolean[]
}

/** Characters that are looked through at once; all others of this server wait for it. */
const WINDOW = 256 * 1024
/** Characters that two windows share: no private key is longer. */
const SHARED = 64 * 1024
/** And two parts of a line that is longer than a window. */
const SHARED_IN_LINE = 8 * 1024

/** A commit with more of them is a data set: the first tell enough. */
const MOST = 5000

/**
 * The secrets in lines that a commit added, one for each rule and line, up to 5000. What the commit only moves, between
 * lines or between these files, was there before and is not among them.
 */
export async function findAddedSecrets(files: readonly DiffFile[]): Promise<AddedSecret[]> {
  const found: (AddedSecret & { readonly secret: string })[] = []
  const before = new Set<string>()
  const turns = createTurns()
  for (const { path, hunks } of files) {
    for (const { old, now } of readHunks(hunks)) {
      for await (const { rule, line, secret, isOwn } of findInSide(now, turns)) {
        if (found.length >= MOST) break
        if (path !== undefined && isOwn) found.push({ path, rule, line, secret })
      }
      for await (const { secret } of findInSide(old, turns)) before.add(secret)
    }
  }
  const added = new Map<string, AddedSecret>()
  for (const { secret, path, rule, line } of found) {
    if (!before.has(secret)) added.set(`${line} ${rule} ${path}`, { path, rule, line })
  }
  return [...added.values()]
}

/** Lets others have their turn when so many characters were looked through. */
function createTurns() {
  let spent = 0
  return {
    spend: async (chars: number) => {
      // what is short has its cost too
      spent += chars + 128
      if (spent > WINDOW) {
        spent = 0
        await setImmediate()
      }
    },
  }
}

async function* findInSide({ lines, numbers, isOwn }: Side, turns: ReturnType<typeof createTurns>) {
  let from = 0
  let shared = 0
  while (from < lines.length) {
    const to = findEnd(lines, from, WINDOW)
    const text = lines.slice(from, to).join('\n')
    await turns.spend(text.length)
    const starts = findLineStarts(text)
    let at = 0
    // they come in the order of the text, so the lines are gone through once
    for (const { rule, start, end } of findSecrets(text)) {
      while ((starts[at + 1] ?? Number.POSITIVE_INFINITY) <= start) at += 1
      // the window before has seen it, and whether something of it stands before this window
      if (at < shared) continue
      let own = at
      while (!isOwn[from + own] && (starts[own + 1] ?? end) < end) own += 1
      const line = numbers[from + own] ?? 0
      yield { rule, secret: text.slice(start, end), line, isOwn: isOwn[from + own] === true }
    }
    if (to === lines.length) return
    const next = Math.max(from + 1, findBegin(lines, to, SHARED))
    shared = to - next
    from = next
  }
}

/** Behind the line with which the text is `chars` long, or the last one. */
function findEnd(lines: readonly string[], from: number, chars: number): number {
  let to = from
  for (let length = 0; to < lines.length && length < chars; to += 1) length += (lines[to]?.length ?? 0) + 1
  return to
}

/** The first of the lines before `to` that are together no longer than `chars`. */
function findBegin(lines: readonly string[], to: number, chars: number): number {
  let from = to
  for (let length = 0; from > 0; from -= 1) {
    length += (lines[from - 1]?.length ?? 0) + 1
    if (length > chars) break
  }
  return from
}

function findLineStarts(text: string): readonly number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

const HEAD = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/

function* readHunks(lines: readonly string[]): Generator<{ readonly old: Side; readonly now: Side }> {
  let old = createSide(1)
  let now = createSide(1)
  for (const line of lines) {
    const [head, oldStart, newStart] = HEAD.exec(line) ?? []
    if (head !== undefined) {
      yield { old, now }
      old = createSide(Number(oldStart))
      now = createSide(Number(newStart))
    } else if (line.startsWith('+')) {
      now.add(line.slice(1), true)
    } else if (line.startsWith('-')) {
      old.add(line.slice(1), true)
    } else if (!line.startsWith('\\')) {
      old.add(line.slice(1), false)
      now.add(line.slice(1), false)
    }
  }
  yield { old, now }
}

function createSide(first: number): Side & { add(line: string, own: boolean): void } {
  const lines: string[] = []
  const numbers: number[] = []
  const isOwn: boolean[] = []
  let number = first
  return {
    lines,
    numbers,
    isOwn,
    add: (line, own) => {
      for (let at = 0; at === 0 || at + SHARED_IN_LINE < line.length; at += WINDOW - SHARED_IN_LINE) {
        lines.push(line.slice(at, at + WINDOW))
        numbers.push(number)
        isOwn.push(own)
      }
      number += 1
    },
  }
}

/** A path that may be shown: one that holds a secret itself is masked there. */
export function maskPath(path: string): string {
  let masked = ''
  let at = 0
  for (const { rule, start, end } of findSecrets(path)) {
    masked += `${path.slice(at, start)}[secret masked: ${rule}]`
    at = end
  }
  return masked + path.slice(at)
}
