import type { z } from 'zod'
import { findNearMisses } from '../lib/near-miss.js'
import type { PolicyProblem, PolicyText } from './policy-text.js'

/** The schema's findings in an operator's words, each at its place in the file. */
export function toProblems(issues: readonly z.core.$ZodIssue[], source: PolicyText): readonly PolicyProblem[] {
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        source.addAtKey([...issue.path, key], toUnknownKey(issue.path, key))
      }
    } else {
      source.addAt(issue.path, `${toName(issue.path)}${toWords(issue)}`)
    }
  }
  return source.problems
}

/** What may stand at each level, by how deep it is. */
const KEYS = {
  top: ['defaults', 'tools', 'repositories'],
  defaults: ['read', 'write'],
  tools: ['allow', 'deny', 'approve'],
  paths: ['allow', 'deny'],
  repository: ['tools', 'paths'],
}

function toUnknownKey(path: readonly PropertyKey[], key: string): string {
  const last = path.at(-1)
  const inRepository = path[0] === 'repositories'
  const level =
    path.length === 0
      ? 'top'
      : inRepository && path.length === 2
        ? 'repository'
        : last === 'defaults' || last === 'paths'
          ? last
          : 'tools'
  const known = KEYS[level]
  const near = findNearMisses(key, known)[0]
  const meant = near === undefined ? '' : ` Did you mean “${near}”?`
  return `“${key}” means nothing ${path.length === 0 ? 'here' : `in ${path.join('.')}`}; it takes ${known.join(', ')}.${meant}`
}

function toWords(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES.get(issue.expected) ?? `must be of type ${issue.expected}`
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`
    case 'too_big':
      return `has more than ${issue.maximum} entries`
    default:
      return issue.message
  }
}

const TYPES = new Map<string, string>([
  ['array', 'must be a list; an empty one is written []'],
  ['string', 'must be text; put it in quotes'],
  ['object', 'must be a map with keys'],
  ['record', 'must be a map from owner/name to its rules'],
])

function toName(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the policy ' : `${path.map(String).join('.')} `
}
