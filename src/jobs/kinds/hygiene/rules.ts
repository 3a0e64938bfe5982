import { RE2JS, RE2JSException } from 're2js'
import { z } from 'zod'
import { pathGlobs } from '../path-globs.js'

/* What an operator may ask of pull requests. */

function isPattern(text: string): boolean {
  // the edge to the library: an operator's text becomes a pattern here
  try {
    RE2JS.compile(text)
    return true
  } catch (thrown) {
    if (!(thrown instanceof RE2JSException)) throw thrown
    return false
  }
}

const names = z.array(z.string().min(1).max(255)).max(50)
const bound = (fallback: number) => z.int().min(0).max(1_000_000).default(fallback)

/** Files that tools write and nobody reads in a review. */
const GENERATED = [
  '**/{package-lock,npm-shrinkwrap}.json',
  '**/{yarn,poetry,uv,Cargo,composer,Gemfile,Pipfile,flake}.lock',
  '**/{pnpm-lock.yaml,go.sum,packages.lock.json}',
]

export const parameters = z.strictObject({
  strict: z
    .boolean()
    .default(false)
    .describe('Whether the status fails when something is missing; otherwise it warns, which holds up no merge.'),
  comment: z.boolean().default(true).describe('Whether what is missing is said in a comment.'),
  status: z.boolean().default(true).describe('Whether the head commit gets the status aegis/pull-request.'),
  skip_drafts: z.boolean().default(true).describe('Drafts (WIP: in the title) are left alone.'),
  exempt_authors: names.default([]).describe('Logins whose pull requests pass as they are, such as those of bots.'),
  exempt_labels: names.default([]).describe('Labels with which a pull request passes as it is.'),
  title_pattern: z
    .string()
    .max(500)
    .refine(isPattern, 'is no regular expression in RE2 syntax')
    .default('')
    .describe('Regular expression (RE2) that titles match; empty for any.'),
  title_min_length: bound(10).describe('Shortest title, in characters; 0 for any.'),
  no_wip: z.boolean().default(true).describe('Whether titles such as “WIP …” and “fixup! …” are held against it.'),
  description_min_length: bound(30).describe('Shortest description, in characters without comments; 0 for any.'),
  required_headings: names.default([]).describe('Headings that the description has, with something under each.'),
  linked_issue: z
    .enum(['off', 'mentioned', 'closed'])
    .default('off')
    .describe('Whether an issue is mentioned (#12), or one that the merge closes (fixes #12).'),
  max_files: bound(50).describe('Most changed files; 0 for any number.'),
  max_lines: bound(1000).describe('Most added and deleted lines; 0 for any number.'),
  generated: pathGlobs(GENERATED, 'Files that do not count for the size.'),
  code: pathGlobs([], 'Files that need tests with them; none for no such rule.'),
  tests: pathGlobs(
    ['**/{test,tests,spec,__tests__}', '**/*{.,_,-}{test,tests,spec}.*', '**/test_*'],
    'Files that are tests.',
  ),
  changelog: pathGlobs(
    [],
    'Files of which one must change with any change, such as CHANGELOG.md; none for no such rule.',
  ),
  forbidden_paths: pathGlobs([], 'Files that pull requests must not touch.'),
})
export type HygieneRules = z.output<typeof parameters>
