import { z } from 'zod'

/*
 * Parameters that tools share. Rules are refinements, not patterns: a model reads the schema on every connection, the
 * sentence of a broken rule only when it breaks it. For the same reason a field whose name says it all has no
 * description.
 */

const NAME = /^[A-Za-z0-9._-]{1,100}$/

function isName(value: string): boolean {
  return NAME.test(value) && value !== '.' && value !== '..'
}

export const owner = z.string().refine(isName, 'must be the name of a user or organisation, without slash')

export const repo = z.string().refine(isName, 'must be the repository name alone, without owner')

/** What a rule adds to the schema and no model needs: it learns a bound when it oversteps it. */
const UNSAID = { minimum: undefined, maximum: undefined, maxLength: undefined, pattern: undefined, default: undefined }

const MAX_NUMBER = 2_147_483_647

/** A whole number from 1 on: a number of an issue, an id. */
export function countingFrom1(description?: string) {
  return z
    .int()
    .min(1)
    .max(MAX_NUMBER)
    .meta({ ...UNSAID, description })
}

export const issueNumber = countingFrom1()

export const page = countingFrom1().default(1).meta({ default: undefined })

export const limit = z.int().min(1).max(50).meta(UNSAID).default(30).meta({ default: undefined })

export const startLine = countingFrom1().default(1).meta({ default: undefined })

export const endLine = countingFrom1().optional()

/** A switch that is off when left out. */
export function flag(description?: string) {
  return z.boolean().default(false).meta({ default: undefined, description })
}

/** A short list of names. */
export function namesOf(description?: string) {
  return names(description).optional()
}

/** A short list of names that may be empty, but not left out. */
export function names(description?: string) {
  return z.array(z.string()).max(50).meta({ maxItems: undefined, description })
}

/** Free text of at most `maxChars`. */
export function textOf(maxChars: number, description?: string) {
  return z
    .string()
    .max(maxChars)
    .meta({ ...UNSAID, description })
}

/** Text that says something. Gitea stores blank titles and comments. */
export function filledText(maxChars: number, description?: string) {
  return textOf(maxChars, description).refine((text) => text.trim() !== '', 'must not be blank')
}

/** Title or id of a milestone; an id may come as a number. */
export function milestone(description: string) {
  return z.preprocess(
    (value) => (typeof value === 'number' ? String(value) : value),
    z
      .string()
      .max(255)
      .meta({ ...UNSAID, description }),
  )
}

export const state = z.enum(['open', 'closed', 'all']).default('open').meta({ default: undefined })

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it finds
const BAD_REF = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|^[-/.]|[/.]$|\.lock$|^refs\//

/** Also keeps out `main:secrets` and `main~1^{tree}`, which would reach around the path rules of the policy. */
function isRef(value: string): boolean {
  return value !== '' && value.length <= 250 && !BAD_REF.test(value)
}

export const requiredRef = z
  .string()
  .refine(isRef, 'must be a branch or tag name (without refs/heads/) or a commit id')
  .describe('Branch, tag, commit')

export const ref = requiredRef.optional()

export const branch = z.string().refine(isRef, 'must be the name of a branch, without refs/heads/')

export const sha = z
  .string()
  .regex(/^[0-9a-fA-F]{4,64}$/, 'must be a commit id in hex, full or shortened; list_commits shows them')
  .meta(UNSAID)
  .describe('Commit id')

/** What is wrong with a path in a repository, in words; undefined when nothing is. */
function findPathFault(path: string): string | undefined {
  if (path === '') return 'must not be empty'
  if (path.length > 4000) return 'must not be longer than 4000 characters'
  if (path.startsWith('/') || path.endsWith('/')) return 'must start and end without a slash, like src/app.ts'
  if (path.includes('\\')) return 'must use / between folders, not \\'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it finds
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'must not have control characters'
  const segments = path.split('/')
  if (segments.includes('')) return 'must not have empty parts (//)'
  if (segments.some((segment) => segment === '.' || segment === '..')) {
    return 'must be the path from the top of the repository, without . and ..'
  }
  if (segments.some((segment) => segment.toLowerCase() === '.git')) return 'must not lead into .git'
  return undefined
}

/** A path from the top of the repository, refused unless it is written in the one plain way. */
export function repositoryPath(description?: string) {
  return z
    .string()
    .superRefine((path, context) => {
      const fault = findPathFault(path)
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
    })
    .meta({ description })
}

/** For outputs: what to pass to get the next part of a list. */
export const listPosition = {
  first: z.number(),
  total: z.number().optional(),
  next: z.object({ page: z.number(), limit: z.number() }).optional(),
}

/** For outputs: which lines of a text are shown. */
export const textLines = z.object({
  startLine: z.number(),
  endLine: z.number(),
  totalLines: z.number(),
  cutChars: z.number(),
})
