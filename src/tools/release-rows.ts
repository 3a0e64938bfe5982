import { z } from 'zod'
import type { Release } from '../gitea/releases.js'
import { InvalidInput } from '../lib/errors.js'
import { count, cutLines, describeCut, toDay, toNextDay, toOneLine, toSize, toText, toTextBudget } from './lines.js'
import { textLines } from './params.js'

/* Releases as rows of a list, and one release with its text. */

export const ReleaseRow = z.object({
  id: z.number(),
  tag: z.string(),
  title: z.string(),
  draft: z.boolean(),
  prerelease: z.boolean(),
  author: z.string(),
  published_at: z.string(),
  files: z.number(),
})
export type ReleaseRow = z.output<typeof ReleaseRow>

export function toReleaseRow(release: Release): ReleaseRow {
  const { id, tag, title, isDraft, isPrerelease, author, publishedAt, files } = release
  return {
    id,
    tag,
    title,
    draft: isDraft,
    prerelease: isPrerelease,
    author,
    published_at: publishedAt,
    files: files.length,
  }
}

/** `v2.14.0 (id 3) 11-20 bob, 2 files: Winter timetable` */
export function describeReleaseRow(row: ReleaseRow, previous?: string): string {
  const marks = [`id ${row.id}`, ...toMarks(row)].join(', ')
  const files = row.files === 0 ? '' : `, ${count(row.files, 'file')}`
  return `${toOneLine(row.tag)} (${marks}) ${toNextDay(row.published_at, previous)} ${toOneLine(row.author)}${files}${toTitle(row)}`
}

function toMarks({ draft, prerelease }: Pick<ReleaseRow, 'draft' | 'prerelease'>): string[] {
  return [draft ? 'draft' : '', prerelease ? 'prerelease' : ''].filter((mark) => mark !== '')
}

function toTitle({ tag, title }: Pick<ReleaseRow, 'tag' | 'title'>): string {
  return title === '' || title === tag ? '' : `: ${toOneLine(title)}`
}

const ReleaseFile = z.object({ name: z.string(), size_bytes: z.number(), downloads: z.number() })

/** For outputs: one release with the part of its text that is shown. */
export const ReleaseFacts = ReleaseRow.extend({
  target: z.string(),
  files: z.array(ReleaseFile),
  /** How many of the files the text names. */
  files_listed: z.number(),
  body: z.string(),
  lines: textLines,
  url: z.string(),
})
export type ReleaseFacts = z.output<typeof ReleaseFacts>

/**
 * @param startLine of the text
 * @throws InvalidInput when `startLine` is past its end
 */
export function toReleaseFacts(
  release: Release,
  startLine: number,
  maxChars: number,
  maskSecrets: (text: string) => string,
): ReleaseFacts {
  const files = release.files.map(({ name, sizeBytes, downloads }) => ({ name, size_bytes: sizeBytes, downloads }))
  const budget = toTextBudget(maxChars)
  const fileLines = files.map(describeFile).join('\n')
  const listed =
    files.length === 0 ? 0 : cutLines(fileLines, 1, Number.POSITIVE_INFINITY, Math.floor(budget / 4)).endLine
  const left = budget - Math.min(fileLines.length, Math.floor(budget / 4))
  const { text, ...lines } = cutLines(release.body, startLine, Number.POSITIVE_INFINITY, left, maskSecrets)
  if (startLine > Math.max(1, lines.totalLines)) {
    throw new InvalidInput(`The text has ${lines.totalLines} lines; start_line=${startLine} is past its end.`)
  }
  return {
    ...toReleaseRow(release),
    target: release.target,
    files,
    files_listed: listed,
    body: text,
    lines,
    url: release.url,
  }
}

/** Head, files and text; a later part of the text comes without the files. */
export function describeRelease(release: ReleaseFacts, where: string): string {
  const { id, tag, author, published_at, draft, target, files, files_listed, lines, body } = release
  const marks = toMarks(release)
  const kind = marks.length === 0 ? 'release' : marks.join(', ')
  const tagging = draft && target !== '' ? `, will tag ${toOneLine(target)}` : ''
  const left = files.length - files_listed
  const cut = describeCut({ ...lines, text: '' })
  return toText([
    `${toOneLine(tag)} in ${where}${toTitle(release)}`,
    `${kind} (id ${id}), ${toDay(published_at)} by ${toOneLine(author)}${tagging}`,
    ...(lines.startLine > 1 || files.length === 0
      ? []
      : [
          `${count(files.length, 'file')}:`,
          ...files.slice(0, files_listed).map(describeFile),
          left === 0 ? '' : `and ${count(left, 'more file')}`,
        ]),
    body === '' ? 'No text.' : `Text${cut}:\n${body}`,
  ])
}

/** `booking.tar.gz 1.2 MB, 3 downloads` */
function describeFile({ name, size_bytes, downloads }: z.output<typeof ReleaseFile>): string {
  return `${toOneLine(name)} ${toSize(size_bytes)}${downloads === 0 ? '' : `, ${count(downloads, 'download')}`}`
}
