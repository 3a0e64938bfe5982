import { InvalidInput } from '../lib/errors.js'
import { findNearMisses } from '../lib/near-miss.js'

const MOST_LISTED = 20

/**
 * Finds each wanted name among the known ones, without case where no exact one exists.
 *
 * @param kind what is named, in words: `label`
 * @throws InvalidInput naming every unknown one and what comes close
 */
export function resolveNames<T>(
  wanted: readonly string[],
  known: readonly T[],
  toName: (item: T) => string,
  kind: string,
): T[] {
  const found = wanted.map((name) => findByName(name, known, toName))
  const unknown = wanted.filter((_, index) => found[index] === undefined)
  if (unknown.length > 0) {
    const names = known.map(toName)
    const sentences = unknown.map((name) => `There is no ${kind} "${name}"${describeKnown(name, names)}`)
    throw new InvalidInput(sentences.join(' '))
  }
  return found.filter((item) => item !== undefined)
}

/** The item with exactly that name, else one with the same name in other letters' case. */
export function findByName<T>(name: string, known: readonly T[], toName: (item: T) => string): T | undefined {
  const wanted = name.trim().toLowerCase()
  return known.find((item) => toName(item) === name) ?? known.find((item) => toName(item).toLowerCase() === wanted)
}

function describeKnown(name: string, names: readonly string[]): string {
  if (names.length === 0) return ': there are none.'
  const near = findNearMisses(name, names)
  if (near.length > 0) return `; did you mean ${near.map((item) => `"${item}"`).join(' or ')}?`
  if (names.length <= MOST_LISTED) return `. There are: ${names.join(', ')}.`
  return `; it is none of the ${names.length} there are.`
}
