import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const DOCUMENT = 'docs/threat-model.md'
/** `test/…` “name” */
const NAMED_TEST = /`(test\/[\w./-]+\.test\.tsx?)` “([^”]+)”/g

interface NamedTest {
  readonly file: string
  readonly name: string
}

const document = readFileSync(DOCUMENT, 'utf8')
const rows = document
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| Threat ') && !/^\| ?-/.test(line))
const named = [...document.matchAll(NAMED_TEST)].map(([, file = '', name = '']): NamedTest => ({ file, name }))

describe('the threat model', () => {
  test('names a test in every row', () => {
    expect(rows.length).toBeGreaterThan(40)
    expect(rows.filter((row) => [...row.matchAll(NAMED_TEST)].length === 0)).toEqual([])
  })

  test('names only tests that are there', () => {
    const missing = named.filter(({ file, name }) => !existsSync(file) || !holdsTest(readFileSync(file, 'utf8'), name))

    expect(missing).toEqual([])
  })
})

/** Whether a test, a group of tests or a row of `each` has this name, as it stands in the source. */
function holdsTest(source: string, name: string): boolean {
  return [...source.matchAll(/[([]\s*(['"`])((?:(?!\1).)+)\1/g)].some(([, , title]) => title === name)
}
