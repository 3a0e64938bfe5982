import { sha256Hex } from '../lib/crypto.js'
import type { Finding } from './define-job.js'

/*
 * The text of a living report: what a run found, as a table that people read, with marks that only the next run reads.
 */

export interface ReportContent {
  readonly job: string
  /** Markdown of ours, above the findings: what is looked at and how to switch it off. */
  readonly intro: string
  readonly findings: readonly Finding[]
  /** What was not looked at or is not listed, in one sentence. */
  readonly left?: string | undefined
  /** Id of the commit that was looked at. */
  readonly commit?: string | undefined
}

/** Gitea takes longer texts, but nobody reads them, and each edit is kept in the history as a whole. */
const MOST_CHARS = 60_000
/** Room for what stands around the rows. */
const FRAME_CHARS = 4000

const SEVERITIES = [
  ['error', 'error'],
  ['warning', 'warning'],
  ['info', 'note'],
] as const

/** The mark by which the report of a job is found again. */
export function toReportMarker(job: string): string {
  return `<!-- aegis:${job}:report -->`
}

/**
 * The text of the issue.
 *
 * @param now epoch milliseconds
 */
export function renderReport(content: ReportContent, now: number): string {
  const { job, commit } = content
  const text = renderContent(content)
  const day = new Date(now).toISOString().slice(0, 10)
  const at = commit === undefined ? '' : ` for commit \`${commit.slice(0, 10)}\``
  return [
    `${toReportMarker(job)}${toContentMarker(sha256Hex(text))}`,
    text,
    `Written on ${day}${at}. This text is replaced as soon as a run finds something else; what people want to say about it belongs in the comments.`,
    '',
  ].join('\n\n')
}

/** What identifies the content of a report, whenever and for whichever commit it was written; undefined for other texts. */
export function findContentDigest(body: string): string | undefined {
  return /<!-- aegis:content:([0-9a-f]{32}) -->/.exec(body)?.[1]
}

/** The fingerprints of the findings that a report shows. */
export function listFingerprints(body: string): ReadonlySet<string> {
  return new Set(
    [...body.matchAll(/<!-- aegis:finding:([\w.:-]{1,64}) -->/g)].map(([, fingerprint = '']) => fingerprint),
  )
}

function toContentMarker(digest: string): string {
  return `<!-- aegis:content:${digest.slice(0, 32)} -->`
}

function renderContent({ intro, findings, left }: ReportContent): string {
  const counts = SEVERITIES.map(([severity, one]) => ({ one, rows: ofSeverity(findings, severity) })).filter(
    ({ rows }) => rows.length > 0,
  )
  const total =
    findings.length === 0
      ? '**No findings.**'
      : `**${toCount(findings.length, 'finding')}**: ${counts.map(({ one, rows }) => toCount(rows.length, one)).join(', ')}.`
  const parts = [intro.trim(), total]
  let room = MOST_CHARS - FRAME_CHARS - intro.length
  let unshown = 0
  for (const { one, rows } of counts) {
    const lines: string[] = []
    for (const finding of rows) {
      const line = renderRow(finding)
      room -= line.length + 1
      if (room > 0) {
        lines.push(line)
      } else {
        unshown += 1
      }
    }
    if (lines.length > 0) {
      parts.push(`### ${toCount(rows.length, one)}`, ['| What to change | Where |', '|---|---|', ...lines].join('\n'))
    }
  }
  if (unshown > 0) {
    parts.push(`${unshown} more do not fit here; they follow as these are mended.`)
  }
  if (left !== undefined) {
    parts.push(`Left out: ${toCell(left)}`)
  }
  return parts.filter((part) => part !== '').join('\n\n')
}

function toCount(n: number, one: string): string {
  return `${n} ${one}${n === 1 ? '' : 's'}`
}

/** In an order that does not depend on how they were found. */
function ofSeverity(findings: readonly Finding[], severity: Finding['severity']): readonly Finding[] {
  return findings
    .filter((finding) => finding.severity === severity)
    .toSorted(
      (a, b) =>
        compare(a.path ?? '', b.path ?? '') || (a.line ?? 0) - (b.line ?? 0) || compare(a.fingerprint, b.fingerprint),
    )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function renderRow({ fingerprint, rule, message, path, line }: Finding): string {
  const where = path === undefined ? '' : toCode(line === undefined ? path : `${path}:${line}`)
  return `| ${toCell(message)} <!-- aegis:finding:${toShownFingerprint(fingerprint)} --> ${toCode(rule)} | ${where} |`
}

/** The form in which a fingerprint stands in the text. */
export function toShownFingerprint(fingerprint: string): string {
  return /^[\w.:-]{1,64}$/.test(fingerprint) ? fingerprint : sha256Hex(fingerprint).slice(0, 32)
}

/**
 * A sentence in a table: what stands between backticks stays code, all else is plain. Nothing in it tells people,
 * links issues, or is markup.
 */
function toCell(text: string): string {
  const parts = toLine(text, 500).split('`')
  // an odd number of backticks leaves one that opens nothing
  return parts.map((part, at) => (at % 2 === 1 && at < parts.length - 1 ? toCode(part) : toPlain(part))).join('')
}

function toCode(text: string): string {
  const line = toLine(text, 300).replaceAll('`', '′').replaceAll('|', '\\|')
  return line === '' ? '' : `\`${line}\``
}

/** A word joiner after the sign keeps Gitea from seeing a mention, a reference or an address. */
function toPlain(text: string): string {
  return text.replace(/[\\*_[\]<>|~&]/g, '\\$&').replace(/[@#!](?=\w)|:(?=\/\/)|www(?=\.)/gi, '$&\u2060')
}

function toLine(text: string, maxChars: number): string {
  const line = text.replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim()
  return (line.length > maxChars ? `${line.slice(0, maxChars)}…` : line).toWellFormed()
}
