import { existsSync, readFileSync } from 'node:fs'

const SNAPSHOT = /toMatchInlineSnapshot\(\s*`((?:\\.|[^`\\])*)`/

/**
 * The example answer of a tool: the first inline snapshot of its test, so that the reference shows what the tests check.
 * Undefined while the test has none.
 */
export function findToolExample(name: string): string | undefined {
  const file = `test/tools/${name.replaceAll('_', '-')}.test.ts`
  if (!existsSync(file)) return undefined
  const [, literal] = SNAPSHOT.exec(readFileSync(file, 'utf8')) ?? []
  return literal === undefined ? undefined : toAnswer(literal)
}

/** Undoes how vitest writes a string into a template literal: indented lines between two quotes, with escapes. */
function toAnswer(literal: string): string {
  const lines = literal.split('\n')
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length)
  const indent = Math.min(...indents, Number.POSITIVE_INFINITY)
  const text = lines.map((line) => line.slice(Number.isFinite(indent) ? indent : 0)).join('\n')
  return text
    .trim()
    .replace(/^"/, '')
    .replace(/"$/, '')
    .replaceAll(/\\([\\`$])/g, '$1')
}
