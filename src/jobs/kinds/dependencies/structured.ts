import { DOMParser, type Element } from '@xmldom/xmldom'
import { parse as parseTomlText } from 'smol-toml'
import { parse as parseYamlText } from 'yaml'
import { isNestedDeeper } from '../../../lib/json-depth.js'
import { Unreadable } from './model.js'

/*
 * Reading files that anybody may have written: bounded in size and depth, without references to elsewhere, and without
 * ever looking a key up on a prototype.
 */

const DEEPEST = 100
/** Hand-written files; a YAML parser needs about a second for a million characters. */
const LONGEST_YAML = 300_000
const LONGEST_XML = 600_000
/** References to other parts of a file may make it grow without end. */
const MOST_ALIASES = 50

/** @throws Unreadable or SyntaxError */
export function parseJson(text: string): unknown {
  const plain = text.startsWith('\ufeff') ? text.slice(1) : text
  if (isNestedDeeper(Buffer.from(plain), DEEPEST)) {
    throw new Unreadable('it is nested too deeply')
  }
  return JSON.parse(plain)
}

/** @throws Unreadable or the parser's error */
export function parseToml(text: string): unknown {
  return parseTomlText(text, { maxDepth: DEEPEST, integersAsBigInt: 'asNeeded' })
}

/** @throws Unreadable or the parser's error */
export function parseYaml(text: string): unknown {
  if (text.length > LONGEST_YAML) {
    throw new Unreadable(`it is longer than ${LONGEST_YAML} characters`)
  }
  // the parser takes a time that grows with the square of the depth, so what is absurd never reaches it
  let depth = 0
  for (const [opener] of text.matchAll(/[[{\]}]|(?:[-?]\s+){100}/g)) {
    depth += opener.length > 1 ? DEEPEST + 1 : opener === '[' || opener === '{' ? 1 : -1
    if (depth > DEEPEST) {
      throw new Unreadable('it is nested too deeply')
    }
  }
  return parseYamlText(text, { maxAliasCount: MOST_ALIASES, uniqueKeys: false, logLevel: 'silent', merge: true })
}

/** @throws Unreadable or the parser's error */
export function parseXml(text: string): Element {
  if (text.length > LONGEST_XML) {
    throw new Unreadable(`it is longer than ${LONGEST_XML} characters`)
  }
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) {
    throw new Unreadable('it declares entities, which are not expanded')
  }
  let depth = 0
  for (const [tag] of text.matchAll(/<\/?[A-Za-z][^<>]*>/g)) {
    depth += tag.startsWith('</') ? -1 : tag.endsWith('/>') ? 0 : 1
    if (depth > DEEPEST) {
      throw new Unreadable('it is nested too deeply')
    }
  }
  const onError = (level: string, message: string) => {
    if (level !== 'warning') {
      throw new Unreadable(message.slice(0, 200))
    }
  }
  const root = new DOMParser({ onError }).parseFromString(
    text.replace(/^\ufeff/, '').trimStart(),
    'text/xml',
  ).documentElement
  if (root === null) {
    throw new Unreadable('it holds nothing')
  }
  return root
}

/** The elements of a name right below one. */
export function childrenOf(element: Element | undefined, name: string): readonly Element[] {
  const found: Element[] = []
  for (let node = element?.firstChild ?? null; node !== null; node = node.nextSibling) {
    if (isElement(node) && node.localName === name) {
      found.push(node)
    }
  }
  return found
}

/** The text of the first element of a name right below one. */
export function childText(element: Element | undefined, name: string): string | undefined {
  return childrenOf(element, name)[0]?.textContent?.trim()
}

function isElement(node: { readonly nodeType: number }): node is Element {
  return node.nodeType === 1
}

/** What stands under these keys, one below the other. */
export function at(value: unknown, ...keys: readonly string[]): unknown {
  let found = value
  for (const key of keys) {
    if (!isRecord(found) || !Object.hasOwn(found, key)) {
      return undefined
    }
    found = found[key]
  }
  return found
}

/** The entries of an object; none of anything else. */
export function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return isRecord(value) ? Object.entries(value) : []
}

/** The items of a list; none of anything else. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function textAt(value: unknown, ...keys: readonly string[]): string | undefined {
  const found = at(value, ...keys)
  return typeof found === 'string' ? found : undefined
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Where names first stand at the begin of a line, quoted or not; lines count from 1. */
export function indexLines(text: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const [index, line] of text.split('\n').entries()) {
    const [, name] = /^[\s\-"'[]*([\w@][\w@/.+-]*)/.exec(line.slice(0, 400)) ?? []
    if (name !== undefined && !found.has(name)) {
      found.set(name, index + 1)
    }
  }
  return found
}

/** Where the values of `key: value` lines first stand. */
export function indexValues(text: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const [index, line] of text.split('\n').entries()) {
    const [, value] = /^[\s-]*["']?[\w.-]+["']?\s*:\s*["']?([^"'\s#]+)/.exec(line.slice(0, 400)) ?? []
    if (value !== undefined && !found.has(value)) {
      found.set(value, index + 1)
    }
  }
  return found
}

/** Lines with their numbers, each cut to what a sensible file needs, so that no pattern meets a line without end. */
export function* numberedLines(text: string): Generator<readonly [number: number, line: string]> {
  let number = 0
  for (const line of text.split('\n')) {
    number += 1
    yield [number, line.slice(0, 2000).trimEnd()]
  }
}

/** Where the `name = "…"` of each table stands. */
export function indexTables(text: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const [number, line] of numberedLines(text)) {
    const [, name] = /^name\s*=\s*"([^"]+)"/.exec(line) ?? []
    if (name !== undefined && !found.has(name)) found.set(name, number)
  }
  return found
}
