import type { Page, PageRequest } from '../gitea/repos.js'
import { surelyFits, toTextCost } from './text-cost.js'

/*
 * How tools speak to models: short lines, counts, and for every cut the arguments that continue.
 */

/** Room kept in the text limit for the head line and the sentence about what comes next. */
const HEAD_CHARS = 600

/** How much text the items or the content of an answer may take. */
export function toTextBudget(maxChars: number): number {
  return Math.max(200, maxChars - HEAD_CHARS)
}

export interface ListPart<T> {
  readonly items: T[]
  /** Matching items in all pages; absent where Gitea does not count. */
  readonly total?: number | undefined
  /** Position of the first item, from 1. */
  readonly first: number
  /** What to pass to get the next part; absent at the end. */
  readonly next?: { page: number; limit: number } | undefined
}

/** Cuts a page of items to what fits into the text, and says how to go on from there. */
export function toListPart<T>(
  { items, total }: Page<T>,
  { page, limit }: PageRequest,
  toText: (item: T) => string,
  maxChars: number,
): ListPart<T> {
  const before = (page - 1) * limit
  const shown = countFitting(items, toText, toTextBudget(maxChars))
  const part = { items: items.slice(0, shown), first: before + 1, ...(total === undefined ? {} : { total }) }
  const isCut = shown < items.length
  if (!isCut && !hasMore({ items, total }, { page, limit })) return part
  return { ...part, next: isCut ? continueAt(before + shown, limit) : { page: page + 1, limit } }
}

/** A Gitea set to smaller pages than asked for sends short ones: then its page size is what it sent. */
function hasMore({ items, total }: Page<unknown>, { page, limit }: PageRequest): boolean {
  if (total === undefined) return items.length >= limit
  const seen = (page - 1) * limit + items.length
  if (items.length === 0 || seen === total) return false
  return items.length < limit ? page * items.length < total : seen < total
}

/** A page number can only continue after `seen` items when the page size divides them. */
function continueAt(seen: number, limit: number): { page: number; limit: number } {
  for (let size = Math.min(limit, seen); size > 1; size -= 1) {
    if (seen % size === 0) return { page: seen / size + 1, limit: size }
  }
  return { page: seen + 1, limit: 1 }
}

function countFitting<T>(items: readonly T[], toText: (item: T) => string, budget: number): number {
  const texts = items.map(toText)
  // estimating costs more than everything else a small answer needs
  if (
    surelyFits(
      texts.reduce((sum, text) => sum + text.length + 1, 0),
      budget,
    )
  )
    return items.length
  let used = 0
  for (const [index, text] of texts.entries()) {
    used += toTextCost(text) + 1
    if (used > budget) return Math.max(1, index)
  }
  return items.length
}

/** What a list is of, in words: `open issue`, ` in acme/web`. */
export interface ListWords {
  readonly one: string
  readonly many?: string
  readonly where: string
}

/** `33 open issues in acme/web; 1-30 here, page=2 continues.` */
export function describePart(
  part: ListPart<unknown>,
  { one, many = `${one}s`, where }: ListWords,
  limit: number,
): string {
  const { items, total, first, next } = part
  if (total === 0) return `No ${many}${where}.`
  const last = first + items.length - 1
  const isWhole = first === 1 && next === undefined
  const number = total ?? (isWhole ? last : undefined)
  const counted = number === undefined ? `${many}${where}` : `${count(number, one, many)}${where}`
  if (items.length === 0) return `${counted}; none on this page.`
  if (isWhole) return `${counted}.`
  const more = next === undefined ? 'the last' : `${describeNext(next, limit)} continues`
  return `${counted}; ${first}-${last} here, ${more}.`
}

function describeNext(next: { readonly page: number; readonly limit: number }, limit: number): string {
  return next.limit === limit ? `page=${next.page}` : `page=${next.page} limit=${next.limit}`
}

export interface TextPart {
  readonly text: string
  /** Lines shown, from 1 and inclusive. */
  readonly startLine: number
  readonly endLine: number
  readonly totalLines: number
  /** Characters left out of a line that alone is longer than the limit. */
  readonly cutChars: number
}

/**
 * The lines from `startLine` that fit, whole lines only unless a single one is too long.
 *
 * @param mask takes secrets out of the whole text first: half a secret is not recognised any more. It keeps the lines
 *   where they are, or withholds the text, which is then shown as what it says instead
 */
export function cutLines(
  text: string,
  startLine: number,
  endLine: number,
  maxChars: number,
  mask: (text: string) => string = (whole) => whole,
): TextPart {
  const masked = mask(text)
  const lines = toLines(masked)
  const totalLines = masked === text ? lines.length : toLines(text).length
  if (lines.length !== totalLines) {
    return { text: masked, startLine: 1, endLine: totalLines, totalLines, cutChars: 0 }
  }
  const wanted = lines.slice(startLine - 1, endLine)
  const shown = countFitting(wanted, (line) => line, maxChars)
  const joined = wanted.slice(0, shown).join('\n')
  const cost = surelyFits(joined.length, maxChars) ? joined.length : toTextCost(joined)
  // only a line that alone is too long costs more than there is room for
  const room = shown === 1 && cost > maxChars ? Math.floor((joined.length * maxChars) / cost) : joined.length
  const cutChars = joined.length - room
  return {
    text: joined.slice(0, room),
    startLine,
    endLine: startLine + shown - 1,
    totalLines: lines.length,
    cutChars,
  }
}

function toLines(text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/** `; lines 1-400 of 3000, start_line=401 continues`; empty when all of it is shown. */
export function describeCut({ startLine, endLine, totalLines, cutChars }: TextPart): string {
  const long = cutChars === 0 ? '' : `; line ${endLine} is too long, ${cutChars} characters of it are left out`
  if (startLine === 1 && endLine === totalLines) return long
  const next = endLine < totalLines ? `, start_line=${endLine + 1} continues` : ''
  return `; lines ${startLine}-${endLine} of ${totalLines}${next}${long}`
}

/** `2026-11-21` of a time as Gitea writes it. */
export function toDay(time: string): string {
  return time.slice(0, 10)
}

/** A day after `previous` in a list: `11-20`, with the year only where it changes. */
export function toNextDay(time: string, previous: string | undefined): string {
  return previous?.slice(0, 5) === time.slice(0, 5) ? time.slice(5, 10) : toDay(time)
}

/** The first line of a commit message. */
export function toSubject(message: string): string {
  return toOneLine(message.trimStart().split('\n', 1)[0] ?? '')
}

/** Accepted wherever a tool takes a commit; among 100,000 commits one in 40,000 is ambiguous, and Gitea then says no. */
export function toShortId(sha: string): string {
  return sha.slice(0, 8)
}

/** `1 file`, `12 files`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}

/** `850 B`, `12 KB`, `3.4 MB`. */
export function toSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1_000_000) return `${toShort(bytes / 1000)} KB`
  return `${toShort(bytes / 1_000_000)} MB`
}

function toShort(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0)
}

/** What the policy keeps back: how many, never which. */
export function describeHidden(hidden: number, one: string, many = `${one}s`): string {
  return hidden === 0 ? '' : `${count(hidden, one, many)} not shown: the policy hides them.`
}

/** Lines joined, empty ones left out. */
export function toText(lines: readonly string[]): string {
  return lines.filter((line) => line !== '').join('\n')
}

/** Titles and names on one line, so that no text from Gitea can pose as another row. */
export function toOneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
