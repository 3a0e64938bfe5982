// RFC 8785 (JSON Canonicalization Scheme) for plain data: the bytes that audit hashes and signatures are made of.
// ECMAScript's own number and string forms are what the RFC asks for; keys sort by UTF-16 code units (§3.2.3).

/** Deeper values are unfit: a recursive reader of an export must not be made to overflow. */
const MAX_DEPTH = 64

/** Nothing to escape and no surrogates, like `src/a.ts`: written as it is, which is twice as fast as JSON.stringify. */
const PLAIN = /^[ !#-[\]-\uD7FF\uE000-\uFFFF]*$/

/** Gives what to write in place of a value that canonical JSON cannot hold, or throws. */
export type ReplaceUnfit = (value: unknown, why: string) => string | number | null

function refuse(_value: unknown, why: string): never {
  throw new TypeError(`Not canonical JSON: ${why}.`)
}

/**
 * The canonical JSON text of plain data. Properties that are `undefined` are left out, as JSON.stringify does.
 *
 * @param replace decides about values that have no exact canonical form: lone surrogates, -0, NaN, infinities,
 *   anything but plain objects and arrays, nesting deeper than 64
 * @throws TypeError for such values when `replace` is not given
 */
export function canonicalJson(value: unknown, replace: ReplaceUnfit = refuse, depth = 0): string {
  if (typeof value === 'string') {
    if (PLAIN.test(value)) {
      return `"${value}"`
    }
    return JSON.stringify(value.isWellFormed() ? value : replace(value, 'a lone surrogate'))
  }
  if (typeof value === 'number') {
    const isExact = Number.isFinite(value) && !Object.is(value, -0)
    return isExact ? String(value) : JSON.stringify(replace(value, 'a number that is -0 or not finite'))
  }
  if (value === null || typeof value === 'boolean') {
    return String(value)
  }
  if (typeof value !== 'object') {
    return JSON.stringify(replace(value, `a value of type ${typeof value}`))
  }
  if (depth >= MAX_DEPTH) {
    return JSON.stringify(replace(value, `nesting deeper than ${MAX_DEPTH}`))
  }
  return Array.isArray(value) ? arrayText(value, replace, depth + 1) : objectText(value, replace, depth + 1)
}

/**
 * Reads canonical JSON and nothing else: no spaces, no repeated keys, no other order, no other spelling of a value.
 * Undefined when `text` is anything else.
 */
export function findCanonicalJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    // with keys in order and no escaped surrogate, JSON.stringify writes the canonical form, three times as fast
    const exact = hasSortedKeys(value) && !text.includes('\\ud') ? JSON.stringify(value) : canonicalJson(value)
    return exact === text ? value : undefined
  } catch {
    // the text may come from a file that anyone wrote
    return undefined
  }
}

function hasSortedKeys(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) {
    return true
  }
  if (depth >= MAX_DEPTH) {
    return false
  }
  if (Array.isArray(value)) {
    return value.every((item) => hasSortedKeys(item, depth + 1))
  }
  let previous = ''
  for (const key in value) {
    // erased: `key` is one of the object's own, and JSON.parse gives it no other enumerable ones
    if (key < previous || !hasSortedKeys((value as Record<string, unknown>)[key], depth + 1)) {
      return false
    }
    previous = key
  }
  return true
}

function arrayText(items: readonly unknown[], replace: ReplaceUnfit, depth: number): string {
  let text = ''
  // by index: map and join would skip the holes of a sparse array
  for (let index = 0; index < items.length; index++) {
    text += (index === 0 ? '' : ',') + canonicalJson(items[index], replace, depth)
  }
  return `[${text}]`
}

function objectText(value: object, replace: ReplaceUnfit, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    return JSON.stringify(replace(value, 'an object that is not plain'))
  }
  const keys = Object.keys(value)
  if (!isSorted(keys)) {
    keys.sort()
  }
  let text = ''
  for (const key of keys) {
    const isPlain = PLAIN.test(key)
    // the whole object, because two keys that are unfit could be replaced by the same text
    if (!isPlain && !key.isWellFormed()) {
      return JSON.stringify(replace(value, 'a key with a lone surrogate'))
    }
    // erased by Object.keys: `key` is one of the object's own
    const item = (value as Record<string, unknown>)[key]
    if (item !== undefined) {
      text += `${text === '' ? '' : ','}${isPlain ? `"${key}"` : JSON.stringify(key)}:${canonicalJson(item, replace, depth)}`
    }
  }
  return `{${text}}`
}

function isSorted(keys: readonly string[]): boolean {
  let previous = ''
  for (const key of keys) {
    if (key < previous) {
      return false
    }
    previous = key
  }
  return true
}
