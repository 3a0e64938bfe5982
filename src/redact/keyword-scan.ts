/*
 * Finds many words in one pass over a text, however many they are: an Aho-Corasick automaton over ASCII, letters
 * folded to lower case. States in which a word ends are numbered last, so that one comparison per character tells
 * whether there is anything to do. A row of the table is 128 wide and states are stored as offsets into it.
 */

export interface KeywordScan {
  readonly table: Uint32Array
  /** A state at or above this one ends at least one word. */
  readonly firstEnd: number
  /** Indexes of the words that end in a state, by `state >> 7`. */
  readonly ends: readonly (readonly number[])[]
}

interface Node {
  readonly next: Map<number, Node>
  readonly ends: number[]
  /** The state for the longest proper suffix of what led here. */
  back: Node | undefined
}

/** @param words ASCII, not empty */
export function createKeywordScan(words: readonly string[]): KeywordScan {
  const root = toTrie(words)
  const nodes = linkBreadthFirst(root)
  const plain = nodes.filter((node) => node.ends.length === 0)
  const order = [...plain, ...nodes.filter((node) => node.ends.length > 0)]
  const offsets = new Map(order.map((node, index) => [node, index << 7]))
  const table = new Uint32Array(order.length << 7)
  for (const node of nodes) {
    const row = offsets.get(node) ?? 0
    for (let code = 0; code < 128; code++) {
      table[row + code] = offsets.get(step(node, fold(code), root)) ?? 0
    }
  }
  return { table, firstEnd: plain.length << 7, ends: order.map((node) => node.ends) }
}

function toTrie(words: readonly string[]): Node {
  const root: Node = { next: new Map(), ends: [], back: undefined }
  words.forEach((word, index) => {
    let node = root
    for (const char of word) {
      const code = fold(char.charCodeAt(0))
      const child: Node = node.next.get(code) ?? { next: new Map(), ends: [], back: undefined }
      node.next.set(code, child)
      node = child
    }
    node.ends.push(index)
  })
  return root
}

function linkBreadthFirst(root: Node): readonly Node[] {
  const nodes = [root]
  for (const node of nodes) {
    for (const [code, child] of node.next) {
      child.back = node.back === undefined ? root : step(node.back, code, root)
      // breadth first, so the shorter word's ends are complete by now
      child.ends.push(...child.back.ends)
      nodes.push(child)
    }
  }
  return nodes
}

function step(from: Node, code: number, root: Node): Node {
  let node: Node | undefined = from
  while (node !== undefined) {
    const child = node.next.get(code)
    if (child !== undefined) {
      return child
    }
    node = node.back
  }
  return root
}

function fold(code: number): number {
  return code >= 65 && code <= 90 ? code + 32 : code
}
