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
  readonly text: string
  /** For each line of `text`, its number in the file. */
  readonly numbers: readonly number[]
  /** For each line of `text`, whether only this side has it. */
  readonly isOwn: readonly boolean[]
}

/**
 * The secrets in lines that a commit added, one for each rule and line. What the commit only moves, between lines or
 * between these files, was there before and is not among them.
 */
export function findAddedSecrets(files: readonly DiffFile[]): AddedSecret[] {
  const found: (AddedSecret & { readonly secret: string })[] = []
  const before = new Set<string>()
  for (const { path, hunks } of files) {
    for (const { old, now } of readHunks(hunks)) {
      if (path !== undefined) {
        found.push(...findOwn(now).map((secret) => ({ ...secret, path })))
      }
      for (const { start, end } of findSecrets(old.text)) {
        before.add(old.text.slice(start, end))
      }
    }
  }
  const added = new Map<string, AddedSecret>()
  for (const { secret, path, rule, line } of found) {
    if (!before.has(secret)) {
      added.set(`${line} ${rule} ${path}`, { path, rule, line })
    }
  }
  return [...added.values()]
}

function findOwn({ text, numbers, isOwn }: Side) {
  const starts = findLineStarts(text)
  let from = 0
  // they come in the order of the text, so the lines are gone through once
  return findSecrets(text).flatMap(({ rule, start, end }) => {
    while ((starts[from + 1] ?? Number.POSITIVE_INFINITY) <= start) from += 1
    let at = from
    while (!isOwn[at] && (starts[at + 1] ?? end) < end) at += 1
    const line = isOwn[at] ? numbers[at] : undefined
    return line === undefined ? [] : [{ rule, line, secret: text.slice(start, end) }]
  })
}

function findLineStarts(text: string): readonly number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
    starts.push(at + 1)
  }
  return starts
}

const HEAD = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/

function readHunks(lines: readonly string[]): { readonly old: Side; readonly now: Side }[] {
  const hunks: { readonly old: Side; readonly now: Side }[] = []
  let old = createSide(1)
  let now = createSide(1)
  const end = () => {
    hunks.push({ old: old.side(), now: now.side() })
  }
  for (const line of lines) {
    const [head, oldStart, newStart] = HEAD.exec(line) ?? []
    if (head !== undefined) {
      end()
      old = createSide(Number(oldStart))
      now = createSide(Number(newStart))
      continue
    }
    const text = line.slice(1)
    if (line.startsWith('+')) {
      now.add(text, true)
    } else if (line.startsWith('-')) {
      old.add(text, true)
    } else if (!line.startsWith('\\')) {
      old.add(text, false)
      now.add(text, false)
    }
  }
  end()
  return hunks
}

function createSide(start: number) {
  const lines: string[] = []
  const numbers: number[] = []
  const isOwn: boolean[] = []
  return {
    add: (line: string, own: boolean) => {
      numbers.push(start + lines.length)
      lines.push(line)
      isOwn.push(own)
    },
    side: (): Side => ({ text: lines.join('\n'), numbers, isOwn }),
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
