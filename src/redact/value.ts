import { cutText } from './bounds.js'
import type { Redactor, SecretCount } from './secrets.js'

/** How much of a value is kept. Strings are redacted before they are cut. */
export interface ValueBounds {
  /** Longest string, in UTF-16 units. */
  readonly maxString: number
  readonly maxDepth: number
  /** Most strings, numbers, lists and objects altogether. */
  readonly maxNodes: number
}

const WHOLE: ValueBounds = { maxString: Number.POSITIVE_INFINITY, maxDepth: 64, maxNodes: Number.POSITIVE_INFINITY }

export interface ValueRedaction {
  readonly value: unknown
  readonly found: readonly SecretCount[]
}

/** Names whose value may be a secret that nothing but the name tells. */
const TELLING_NAME = /pass|pwd|secret|token|key|credential|auth/i

/**
 * Redacts JSON data all through: every string and every key. A string is judged together with its key, so that
 * `{"password": "…"}` is treated as the same line of text would be. What JSON cannot hold is left out.
 *
 * @param bounds what is beyond them is left out, and said so in place; by default only the depth is bounded
 */
export function redactValue(value: unknown, redact: Redactor, bounds: Partial<ValueBounds> = {}): ValueRedaction {
  const { maxString, maxDepth, maxNodes } = { ...WHOLE, ...bounds }
  const counts = new Map<string, number>()
  let nodes = 0

  const count = ({ text, found }: ReturnType<Redactor>): string => {
    for (const { rule, count: times } of found) {
      counts.set(rule, (counts.get(rule) ?? 0) + times)
    }
    return text
  }
  const toText = (text: string, name: string): string => {
    const clean = count(redact(text))
    const named = clean === text && TELLING_NAME.test(name) ? redactNamed(text, name, redact) : undefined
    return cut(named === undefined ? clean : count(named), maxString)
  }
  const walk = (node: unknown, name: string, depth: number): unknown => {
    nodes += 1
    if (nodes > maxNodes) {
      return '[left out: too many values]'
    }
    if (typeof node === 'string') {
      return toText(node, name)
    }
    if (typeof node === 'number') {
      return Number.isFinite(node) ? node : null
    }
    if (node === null || typeof node === 'boolean') {
      return node
    }
    if (typeof node !== 'object') {
      return typeof node === 'bigint' ? node.toString() : undefined
    }
    if (depth >= maxDepth) {
      return '[left out: too deep]'
    }
    return Array.isArray(node) ? walkList(node, name, depth) : walkObject(node, depth)
  }
  const walkList = (list: readonly unknown[], name: string, depth: number): unknown[] => {
    const out: unknown[] = []
    for (const item of list) {
      if (nodes >= maxNodes) {
        out.push(`[left out: ${list.length - out.length} more]`)
        break
      }
      out.push(walk(item, name, depth + 1) ?? null)
    }
    return out
  }
  const walkObject = (object: object, depth: number): unknown => {
    const entries: [string, unknown][] = []
    const taken = new Set<string>()
    for (const [key, item] of Object.entries(object)) {
      if (nodes >= maxNodes) {
        entries.push([distinct('[left out]', taken), `${Object.keys(object).length - entries.length} more`])
        break
      }
      const clean = walk(item, key, depth + 1)
      if (clean !== undefined) {
        entries.push([distinct(toText(key, ''), taken), clean])
      }
    }
    // fromEntries defines own properties, also one called __proto__
    return Object.fromEntries(entries)
  }

  const clean = walk(value, '', 0)
  return { value: clean, found: [...counts].map(([rule, times]) => ({ rule, count: times })) }
}

/** The text as it would be judged on a line `name: "text"`; undefined when that finds nothing. */
function redactNamed(text: string, name: string, redact: Redactor): ReturnType<Redactor> | undefined {
  const quote = /["\n\\]/.test(text) ? '' : '"'
  const prefix = `${name}=${quote}`
  const { text: line, found } = redact(`${prefix}${text}${quote}`)
  if (found.length === 0) {
    return undefined
  }
  const inner = line.startsWith(prefix) ? line.slice(prefix.length, line.length - quote.length) : line
  return { text: inner, found }
}

function distinct(key: string, taken: Set<string>): string {
  let unique = key
  for (let n = 2; taken.has(unique); n++) {
    unique = `${key} ${n}`
  }
  taken.add(unique)
  return unique
}

function cut(text: string, max: number): string {
  const { text: head, left } = cutText(text, max)
  return left === 0 ? head : `${head}[… ${left} more characters]`
}
