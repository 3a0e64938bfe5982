import { RE2JS } from 're2js'
import { quoteText } from '../markers.js'
import { createPathFilter } from '../path-globs.js'
import type { HygieneRules } from './rules.js'

interface ChangedPath {
  readonly path: string
  readonly old_path?: string | undefined
  readonly status: string
  readonly additions: number
  readonly deletions: number
}

/** A pull request as far as rules look at it. */
export interface CheckedPull {
  readonly title: string
  readonly body: string
  readonly author: string
  readonly labels: readonly string[]
  /** Title and text cannot be seen by this server's settings. */
  readonly isWithheld: boolean
  /** Only the beginning of the text is there. */
  readonly isBodyCut: boolean
  readonly files: readonly ChangedPath[]
  /** Some files are hidden by the policy, or the diff is too large to be read whole. */
  readonly isMissingFiles: boolean
}

export interface Problem {
  readonly rule:
    | 'title'
    | 'description'
    | 'headings'
    | 'linked-issue'
    | 'size'
    | 'tests'
    | 'changelog'
    | 'forbidden-path'
  /** One sentence of Markdown; what people wrote is quoted in it. */
  readonly text: string
}

/** Everything that the rules hold against it, in their order. */
export function checkPull(pull: CheckedPull, rules: HygieneRules): readonly Problem[] {
  if (isExempt(pull, rules)) {
    return []
  }
  const words = pull.isWithheld ? [] : [checkTitle(pull, rules), checkDescription(pull, rules), checkLink(pull, rules)]
  const files = [checkSize(pull, rules), checkTests(pull, rules), checkChangelog(pull, rules), checkPaths(pull, rules)]
  return [...words, ...files].flat()
}

function isExempt({ author, labels }: CheckedPull, { exempt_authors, exempt_labels }: HygieneRules): boolean {
  const isAmong = (name: string, all: readonly string[]) => all.some((one) => one.toLowerCase() === name.toLowerCase())
  return isAmong(author, exempt_authors) || labels.some((label) => isAmong(label, exempt_labels))
}

const UNFINISHED = /^(?:fixup|squash|amend)!|^\W{0,3}(?:wip|draft|tmp|temp)\b|\bdo not merge\b/i

function checkTitle({ title }: CheckedPull, { title_pattern, title_min_length, no_wip }: HygieneRules): Problem[] {
  const length = countChars(title)
  return toProblems('title', [
    length < title_min_length &&
      `The title has ${length} characters; say in at least ${title_min_length} what changes.`,
    no_wip && UNFINISHED.test(title) && 'The title says that the work is not finished.',
    title_pattern !== '' &&
      !RE2JS.compile(title_pattern).matcher(title).find() &&
      `The title does not match \`${toCode(title_pattern)}\`.`,
  ])
}

function checkDescription({ body, isBodyCut }: CheckedPull, rules: HygieneRules): Problem[] {
  const text = withoutComments(body)
  const length = countChars(text)
  const missing = isBodyCut ? [] : findMissingHeadings(text, rules.required_headings)
  return [
    ...toProblems('description', [
      length < rules.description_min_length &&
        `The description has ${length} characters; say in at least ${rules.description_min_length} what changes and why.`,
    ]),
    ...toProblems(
      'headings',
      missing.map((heading) => `The description needs something under a heading “${quoteText(heading)}”.`),
    ),
  ]
}

function countChars(text: string): number {
  return [...text.replace(/\s+/g, ' ').trim()].length
}

/** Templates explain themselves in comments, which nobody sees. */
function withoutComments(body: string): string {
  const [first = '', ...parts] = body.split('<!--')
  // what is not closed is a comment to the end, for Gitea too
  return parts.reduce((text, part) => text + part.slice(toEnd(part)), first)
}

function toEnd(part: string): number {
  const at = part.indexOf('-->')
  return at === -1 ? part.length : at + 3
}

function findMissingHeadings(text: string, required: readonly string[]): readonly string[] {
  const filled = new Set<string>()
  let current: string | undefined
  for (const line of text.split('\n')) {
    const heading = /^ {0,3}#{1,6}[ \t]+(\S[^\n]*)$/.exec(line.trimEnd())?.[1]
    if (heading !== undefined) {
      current = toHeading(heading)
    } else if (current !== undefined && line.trim() !== '') {
      filled.add(current)
    }
  }
  return required.filter((heading) => !filled.has(toHeading(heading)))
}

function toHeading(text: string): string {
  return text
    .toLowerCase()
    .replace(/[\s#:*_`]+/g, ' ')
    .trim()
}

const REFERENCE = String.raw`(?:[\w.-]{1,100}\/[\w.-]{1,100})?#\d{1,9}\b|https?:\/\/\S{1,300}\/issues\/\d{1,9}\b`
const MENTIONED = new RegExp(String.raw`(?:^|[\s([,;])(?:${REFERENCE})`)
// Gitea's own words (modules/setting/repository.go, CloseKeywords)
const CLOSED = new RegExp(String.raw`\b(?:close[sd]?|fix|fixe[sd]|resolve[sd]?):?\s{1,5}(?:${REFERENCE})`, 'i')

function checkLink({ title, body, isBodyCut }: CheckedPull, { linked_issue }: HygieneRules): Problem[] {
  if (linked_issue === 'off' || isBodyCut) {
    return []
  }
  const text = `${title}\n${withoutComments(body)}`
  return toProblems('linked-issue', [
    linked_issue === 'mentioned' && !MENTIONED.test(text) && 'No issue is named that this is about.',
    linked_issue === 'closed' &&
      !CLOSED.test(text) &&
      'No issue is named that this closes (as in “fixes” and its number).',
  ])
}

function checkSize({ files }: CheckedPull, { generated, max_files, max_lines }: HygieneRules): Problem[] {
  const isGenerated = createPathFilter(generated)
  const counted = files.filter(({ path }) => !isGenerated(path))
  const lines = counted.reduce((sum, { additions, deletions }) => sum + additions + deletions, 0)
  return toProblems('size', [
    max_files > 0 &&
      counted.length > max_files &&
      `${counted.length} files change; more than ${max_files} are hard to review at once.`,
    max_lines > 0 && lines > max_lines && `${lines} lines change; more than ${max_lines} are hard to review at once.`,
  ])
}

/** What is not among the files may be among those that cannot be seen. */
function checkTests({ files, isMissingFiles }: CheckedPull, { code, tests }: HygieneRules): Problem[] {
  const isTest = createPathFilter(tests)
  const isCode = createPathFilter(code)
  const changed = files.filter(({ path, status }) => isCode(path) && !isTest(path) && status !== 'deleted')
  const isTested = isMissingFiles || files.some(({ path, status }) => isTest(path) && status !== 'deleted')
  return toProblems('tests', [changed.length > 0 && !isTested && `No test changes with ${nameSome(changed)}.`])
}

function checkChangelog({ files, isMissingFiles }: CheckedPull, { changelog }: HygieneRules): Problem[] {
  const isChangelog = createPathFilter(changelog)
  const isThere = isMissingFiles || files.length === 0 || files.some(({ path }) => isChangelog(path))
  return toProblems('changelog', [
    changelog.length > 0 &&
      !isThere &&
      `No entry in the change log: ${changelog.map((name) => quoteText(name)).join(', ')}.`,
  ])
}

function checkPaths({ files }: CheckedPull, { forbidden_paths }: HygieneRules): Problem[] {
  const isForbidden = createPathFilter(forbidden_paths)
  const touched = files.filter(
    ({ path, old_path }) => isForbidden(path) || (old_path !== undefined && isForbidden(old_path)),
  )
  return toProblems('forbidden-path', [touched.length > 0 && `Pull requests do not change ${nameSome(touched)}.`])
}

const MOST_NAMED = 5

function nameSome(files: readonly ChangedPath[]): string {
  const named = files.slice(0, MOST_NAMED).map(({ path }) => quoteText(path, 200))
  const more = files.length - named.length
  return `${named.join(', ')}${more === 0 ? '' : ` and ${more} more`}`
}

function toProblems(rule: Problem['rule'], texts: readonly (string | false)[]): Problem[] {
  return texts.filter((text) => text !== false).map((text) => ({ rule, text }))
}

function toCode(text: string): string {
  return text.replaceAll('`', '′').replace(/\s+/g, ' ')
}
