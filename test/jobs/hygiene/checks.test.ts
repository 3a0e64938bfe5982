import { expect, test } from 'vitest'
import { type CheckedPull, checkPull } from '../../../src/jobs/kinds/hygiene/checks.js'
import { type HygieneRules, parameters } from '../../../src/jobs/kinds/hygiene/rules.js'

const fine: CheckedPull = {
  title: 'Refund a cancelled booking',
  body: 'Customers wait for a week now; this makes it a day. Fixes #12.',
  author: 'alice',
  labels: ['feature'],
  isWithheld: false,
  isBodyCut: false,
  files: [{ path: 'src/refund.ts', status: 'modified', additions: 10, deletions: 2 }],
  isMissingFiles: false,
}
const file = (path: string, more = {}) => ({ path, status: 'modified', additions: 1, deletions: 0, ...more })

function check(pull: Partial<CheckedPull>, rules: Partial<HygieneRules> = {}): string[] {
  return checkPull({ ...fine, ...pull }, parameters.parse(rules)).map(({ rule }) => rule)
}

test('one that is fine is fine', () => {
  expect(check({})).toEqual([])
})

test.each([
  [{ title: 'Fix' }, {}, ['title']],
  [{ title: 'Fix' }, { title_min_length: 0 }, []],
  [{ title: 'WIP: refund a booking' }, {}, ['title']],
  [{ title: '[wip] refund a booking' }, {}, ['title']],
  [{ title: 'fixup! refund a booking' }, {}, ['title']],
  [{ title: 'Refunds, do not merge yet' }, {}, ['title']],
  [{ title: 'Wipe the refunds of a day' }, {}, []],
  [{ title: 'WIP: refund a booking' }, { no_wip: false }, []],
  [{}, { title_pattern: '^(feat|fix): ' }, ['title']],
  [{ title: 'fix: refund a booking' }, { title_pattern: '^(feat|fix): ' }, []],
])('the title of %j by %j', (pull, rules, found) => {
  expect(check(pull, rules)).toEqual(found)
})

test('a pattern that takes other engines for ever costs nothing here', () => {
  const started = performance.now()

  expect(check({ title: `${'a'.repeat(200)}!` }, { title_pattern: '^(a+)+$' })).toEqual(['title'])
  expect(performance.now() - started).toBeLessThan(200)
  expect(parameters.safeParse({ title_pattern: '(' }).success).toBe(false)
})

test.each([
  [{ body: '' }, {}, ['description']],
  [{ body: '' }, { description_min_length: 0 }, []],
  [{ body: '<!-- Say what this changes, and why it is needed. -->\nRefunds.' }, {}, ['description']],
  [{ body: '<!-- Say what this changes, and why it is needed.' }, {}, ['description']],
  [{ body: 'x        \n\n\n\n\n\n\n\n          y' }, {}, ['description']],
  [
    { body: '## What\nRefunds within a day\n## Tests ##\n<!-- how? -->\n' },
    { required_headings: ['what', 'Tests'] },
    ['headings'],
  ],
  [
    { body: '## What:\nRefunds within a day\n\n### Tests ##\n\nBy hand.\n' },
    { required_headings: ['what', 'Tests'] },
    [],
  ],
  [{ body: 'no headings, and the end is missing', isBodyCut: true }, { required_headings: ['what'] }, []],
])('the description of %j by %j', (pull, rules, found) => {
  expect(check(pull, rules)).toEqual(found)
})

test.each([
  ['mentioned', 'Refunds are late, see #12 for more.', []],
  ['mentioned', 'Refunds are late, see acme/web#12 for more.', []],
  ['mentioned', 'Refunds: https://git.example.org/acme/web/issues/12 for more', []],
  ['mentioned', 'Refunds are late, colour#12 is wrong too.', ['linked-issue']],
  ['mentioned', 'Refunds are late. <!-- closes #12 --> Really late.', ['linked-issue']],
  ['closed', 'Refunds are late, see #12 for more.', ['linked-issue']],
  ['closed', 'Refunds are late. Resolves: #12, and more besides.', []],
  ['off', 'Refunds are late, and nobody has said so before.', []],
] as const)('an issue that is %s: %s', (linked_issue, body, found) => {
  expect(check({ body }, { linked_issue })).toEqual(found)
})

test('the size counts what people wrote, not what tools did', () => {
  const files = [file('a.ts', { additions: 600, deletions: 300 }), file('web/package-lock.json', { additions: 90_000 })]

  expect(check({ files })).toEqual([])
  expect(check({ files }, { max_lines: 899 })).toEqual(['size'])
  expect(check({ files }, { generated: [] })).toEqual(['size'])
  expect(check({ files }, { max_lines: 0, generated: [] })).toEqual([])
  expect(check({ files: Array.from({ length: 51 }, (_, at) => file(`f${at}`)) })).toEqual(['size'])
})

test.each([
  [['src/a.ts'], ['tests']],
  [['src/a.ts', 'src/a.test.ts'], []],
  [['src/a.go', 'src/a_test.go'], []],
  [['src/a.py', 'tests/unit/a.py'], []],
  [['src/a.test.ts'], []],
  [['docs/a.md'], []],
])('tests for %j', (paths, found) => {
  expect(check({ files: paths.map((path) => file(path)) }, { code: ['src'] })).toEqual(found)
})

test('deleted code needs no test, and a deleted test is none', () => {
  expect(check({ files: [file('src/a.ts', { status: 'deleted' })] }, { code: ['src'] })).toEqual([])
  const files = [file('src/a.ts'), file('src/a.test.ts', { status: 'deleted' })]
  expect(check({ files }, { code: ['src'] })).toEqual(['tests'])
})

test('what may be among files that cannot be seen is not missed', () => {
  const rules = { code: ['src'], changelog: ['CHANGELOG.md'] }

  expect(check({}, rules)).toEqual(['tests', 'changelog'])
  expect(check({ isMissingFiles: true }, rules)).toEqual([])
  expect(check({ files: [...fine.files, file('CHANGELOG.md')] }, { changelog: ['CHANGELOG.md'] })).toEqual([])
})

test('paths that must not be touched, under their old names too', () => {
  const forbidden_paths = ['.gitea/workflows', 'LICENSE']

  expect(check({ files: [file('.gitea/workflows/ci.yml')] }, { forbidden_paths })).toEqual(['forbidden-path'])
  expect(check({ files: [file('x', { old_path: 'LICENSE', status: 'renamed' })] }, { forbidden_paths })).toEqual([
    'forbidden-path',
  ])
  expect(check({ files: [file('LICENSES.md')] }, { forbidden_paths })).toEqual([])
})

test('people, labels and withheld words are let through', () => {
  const bad = { title: 'x', body: '' }

  expect(check(bad, { exempt_authors: ['Alice'] })).toEqual([])
  expect(check(bad, { exempt_labels: ['FEATURE'] })).toEqual([])
  expect(check({ ...bad, isWithheld: true })).toEqual([])
})

test('names of files are quoted: they mention nobody and are no markup', () => {
  const files = [file('src/@bob <img src=x> [a](b) #12.ts')]
  const [problem] = checkPull({ ...fine, files }, parameters.parse({ forbidden_paths: ['src'] }))

  expect(problem?.text).not.toMatch(/@bob|(?<!\\)<img|(?<!\\)\[a|#12/)
})
