import { readFileSync } from 'node:fs'
import { isAlias, isNode, LineCounter, parseDocument, visit } from 'yaml'
import { InvalidInput } from '../lib/errors.js'
import { KIB } from '../lib/units.js'
import { compilePolicy } from './compile.js'
import type { JobChecks } from './compile-jobs.js'
import type { Policy } from './policy.js'
import { type PolicyProblem, PolicyText } from './policy-text.js'
import { PolicyFile } from './schema.js'
import { toProblems } from './schema-problems.js'

/*
 * Reads a policy file. A file with anything wrong in it is not a policy: every problem is reported at once, each with
 * its place, so that an operator mends it in one go.
 */

// bounds on what the YAML parser, which is quadratic in the keys of a map and recursive in its depth, is given
const MAX_FILE = 128 * KIB
const MAX_LINE = 2000
const MAX_PROBLEMS = 20

export interface PolicySettings {
  /** The name of the file, for messages. */
  readonly file: string
  /** Every tool there is, so that a misspelt name is an error and not a rule that never applies. */
  readonly toolNames: readonly string[]
  /** Without it no job has rules. */
  readonly jobs?: JobChecks
}

const NO_JOBS: JobChecks = { names: [], findScheduleProblem: () => undefined, findParameterProblems: () => [] }

/**
 * Reads a policy from disk.
 *
 * @throws InvalidInput with one line `file:line:column: problem` for each problem, or why the file cannot be read
 */
export function loadPolicy(path: string, settings: Omit<PolicySettings, 'file'>): Policy {
  return parsePolicy(readPolicyFile(path), { ...settings, file: path })
}

function readPolicyFile(path: string): string {
  // an edge: what the file system says becomes words for the operator
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const why = FILE_PROBLEMS.get(code) ?? `it cannot be read (${code})`
    throw new InvalidInput(`The policy ${path} cannot be used: ${why}. POLICY_FILE_PATH says which file is read.`, {
      cause: error,
    })
  }
}

const FILE_PROBLEMS = new Map([
  ['ENOENT', 'there is no such file'],
  ['ENOTDIR', 'there is no such file'],
  ['EACCES', 'this process may not read it'],
  ['EISDIR', 'it is a folder'],
])

/**
 * Turns the text of a policy file into a policy.
 *
 * @throws InvalidInput with one line `file:line:column: problem` for each problem
 */
export function parsePolicy(text: string, { file, toolNames, jobs = NO_JOBS }: PolicySettings): Policy {
  const long = text.split('\n').findIndex((line) => line.length > MAX_LINE)
  if (text.length > MAX_FILE || long >= 0) {
    const why =
      long >= 0 ? `this line has more than ${MAX_LINE} characters` : `the file is larger than ${MAX_FILE / KIB} KiB`
    throw new InvalidInput(`${file}:${long + 1}:1: ${why}`)
  }
  const source = readYaml(text)
  refuseProblems(file, source.problems)
  const value = source.toValue()
  if (value === null || value === undefined) {
    throw new InvalidInput(
      `${file}:1:1: the policy is empty; the least it can say is: defaults: {read: allow, write: deny}`,
    )
  }
  const parsed = PolicyFile.safeParse(value)
  if (!parsed.success) {
    refuseProblems(file, toProblems(parsed.error.issues, source))
    throw new InvalidInput(`${file}:1:1: this is not a policy`)
  }
  const { policy, problems } = compilePolicy(parsed.data, { file, toolNames, jobs, source })
  refuseProblems(file, problems)
  return policy
}

function readYaml(text: string): PolicyText {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error', version: '1.2' })
  const source = new PolicyText(document, lines)
  for (const { pos, code, message } of [...document.errors, ...document.warnings]) {
    source.add(pos[0], YAML_PROBLEMS.get(code) ?? message)
  }
  visit(document, (_key, node) => {
    if (isAlias(node) || (isNode(node) && 'anchor' in node && node.anchor !== undefined)) {
      source.add(
        node.range?.[0] ?? 0,
        'anchors (&) and aliases (*) are not used here; put a glob that starts with * in quotes',
      )
    }
  })
  return source
}

/** The parser's words are for programmers; these are what operators meet. */
const YAML_PROBLEMS = new Map([
  ['DUPLICATE_KEY', 'this key is written twice; only one of them would count'],
  ['TAB_AS_INDENT', 'this line is indented with a tab; use spaces'],
  ['MULTIPLE_DOCS', 'the file holds more than one document (---); a policy is one'],
  ['RESOURCE_EXHAUSTION', 'this is nested too deep'],
  ['TAG_RESOLVE_FAILED', 'tags (!) are not used here; put a value that starts with ! in quotes'],
])

function refuseProblems(file: string, problems: readonly PolicyProblem[]): void {
  if (problems.length === 0) {
    return
  }
  const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column)
  const lines = sorted.map(({ line, column, text }) => `${file}:${line}:${column}: ${text}`)
  const unique = [...new Set(lines)]
  const rest = unique.length - MAX_PROBLEMS
  throw new InvalidInput([...unique.slice(0, MAX_PROBLEMS), ...(rest > 0 ? [`… and ${rest} more`] : [])].join('\n'))
}
