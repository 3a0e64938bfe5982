import { type Document, isMap, isNode, isScalar, type LineCounter } from 'yaml'

/** Where something stands in the file: the keys and indexes that lead to it. */
export type Place = readonly PropertyKey[]

export interface PolicyProblem {
  /** From 1. */
  readonly line: number
  readonly column: number
  readonly text: string
}

/** A parsed file that still knows where everything stood, and collects what is wrong with it. */
export class PolicyText {
  readonly #document: Document.Parsed
  readonly #lines: LineCounter
  readonly problems: PolicyProblem[] = []

  constructor(document: Document.Parsed, lines: LineCounter) {
    this.#document = document
    this.#lines = lines
  }

  toValue(): unknown {
    return this.#document.toJS()
  }

  /** @param offset in characters from the start of the file */
  add(offset: number, text: string): void {
    const { line, col } = this.#lines.linePos(offset)
    this.problems.push({ line: Math.max(line, 1), column: Math.max(col, 1), text })
  }

  /** Reports a problem at a value. */
  addAt(place: Place, text: string): void {
    this.add(this.#findOffset(place, 'value'), text)
  }

  /** Reports a problem at the key a value belongs to. */
  addAtKey(place: Place, text: string): void {
    this.add(this.#findOffset(place, 'key'), text)
  }

  getLine(place: Place, of: 'key' | 'value'): number {
    return Math.max(this.#lines.linePos(this.#findOffset(place, of)).line, 1)
  }

  #findOffset(place: Place, of: 'key' | 'value'): number {
    const last = place.at(-1)
    if (of === 'key' && last !== undefined) {
      const parent = this.#document.getIn(place.slice(0, -1), true)
      const pair = isMap(parent)
        ? parent.items.find(({ key }) => isScalar(key) && String(key.value) === last)
        : undefined
      if (pair !== undefined && isScalar(pair.key)) {
        return pair.key.range?.[0] ?? 0
      }
    }
    const node = place.length === 0 ? this.#document.contents : this.#document.getIn(place, true)
    if (isNode(node) && node.range) {
      return node.range[0]
    }
    // a value that is missing or empty has no place of its own
    return place.length === 0 ? 0 : this.#findOffset(of === 'value' ? place : place.slice(0, -1), 'key')
  }
}
