import { describe, expect, test } from 'vitest'
import { listUsed, scan } from './scan-files.js'

const NAMES = [
  'package.json',
  'package-lock.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'pyproject.toml',
  'requirements.txt',
  'poetry.lock',
  'Pipfile',
  'Pipfile.lock',
  'go.mod',
  'go.sum',
  'Cargo.toml',
  'Cargo.lock',
  'pom.xml',
  'composer.json',
  'composer.lock',
  'Gemfile',
  'Gemfile.lock',
  'App.csproj',
  'packages.lock.json',
  'Dockerfile',
  'compose.yaml',
  '.gitea/workflows/ci.yml',
]

const LAUGHS = `a: &a [x, x]\n${Array.from({ length: 30 }, (_, at) => `${String.fromCharCode(98 + at)}x: &n${at} [*${at === 0 ? 'a' : `n${at - 1}`}, *${at === 0 ? 'a' : `n${at - 1}`}]`).join('\n')}\n`

const TEXTS: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['words', 'This is no such file.\n\u0000\u0001 <>{}[]'],
  ['brackets', '['.repeat(200_000)],
  ['braces', '{"a":'.repeat(100_000)],
  ['dashes', '- '.repeat(100_000)],
  ['questions', '? '.repeat(100_000)],
  ['tags', '<a>'.repeat(100_000)],
  ['one long line', 'x '.repeat(400_000)],
  ['many lines', 'gem "a", ">= 1"\n'.repeat(20_000)],
  ['colons', `"${':'.repeat(100_000)}   `],
  [
    'long values',
    JSON.stringify({
      dependencies: { a: '>'.repeat(300_000), [`${'b'.repeat(300_000)}>`]: '1' },
      overrides: { [`${'c'.repeat(300_000)}>`]: '1' },
    }),
  ],
  [
    'long values in lines',
    `gem "a", "${'>'.repeat(300_000)}"\na${'>='.repeat(150_000)}\nFROM ${'a/'.repeat(150_000)}\n`,
  ],
  [
    'prototype keys',
    '{"__proto__": {"dependencies": {"a": "*"}}, "dependencies": {"__proto__": "*", "constructor": "*"}}',
  ],
  ['entities', `<!DOCTYPE p [<!ENTITY a "b">]><project>&a;</project>`],
  ['laughs', LAUGHS],
  ['toml depth', `a = ${'['.repeat(50_000)}`],
  ['wrong types', '{"dependencies": [1, {"a": null}], "packages": 7, "require": "x", "_meta": 1, "default": []}'],
]

describe.each(TEXTS)('%s', (_what, text) => {
  test.each(NAMES)('as %s is at worst a finding, soon', (name) => {
    const startedAt = performance.now()

    const { findings } = scan({ [name]: text })

    expect(performance.now() - startedAt).toBeLessThan(3000)
    expect(findings.length).toBeLessThanOrEqual(200)
    for (const { message, fingerprint } of findings) {
      expect(message).not.toMatch(/\n/)
      expect(message.length).toBeLessThan(600)
      expect(fingerprint).toMatch(/^[\w-]+:[0-9a-f]{20}$/)
    }
    expect(Object.prototype).not.toHaveProperty('dependencies')
  })
})

test('a file that is not what its name says is a finding that names what is wrong', () => {
  const { findings } = scan({
    'package.json': '{"dependencies": ',
    'pom.xml': '<!DOCTYPE x [<!ENTITY a "b">]><project/>',
  })

  expect(findings.map(({ rule, path }) => `${rule} ${path}`)).toEqual([
    'unreadable-file package.json',
    'unreadable-file pom.xml',
  ])
  expect(findings[1]?.message).toBe(
    '`pom.xml` cannot be read: `it declares entities, which are not expanded`. Mend the file, or leave it out by `ignore`.',
  )
})

test('names that mean something to JavaScript are names like any other', () => {
  const json = '{"private": true, "dependencies": {"__proto__": "^1.0.0", "constructor": "*"}}'
  const lock = '{"lockfileVersion": 3, "packages": {"node_modules/__proto__": {"version": "1.0.0"}}}'

  expect(scan({ 'package.json': json, 'package-lock.json': lock }).lines).toEqual([
    'floating-range package.json constructor',
    'lockfile-missing-entry package.json constructor',
  ])
  expect(listUsed({ 'package-lock.json': lock })).toEqual(['__proto__ 1.0.0'])
})

test('what one file has too much of is counted, not listed', () => {
  const many = Array.from({ length: 1000 }, (_, at) => `package-${at}`).join('\n')

  const { findings, unshown } = scan({ 'requirements.txt': many })

  expect(findings).toHaveLength(200)
  expect(unshown).toBe(800)
})

test('a fingerprint stays while the line and the version change', () => {
  const before = scan({ 'requirements.txt': 'flask>=3\n' }).findings
  const after = scan({ 'requirements.txt': '# web\n\nFlask>=4\n' }).findings

  expect(after[0]?.fingerprint).toBe(before[0]?.fingerprint)
  expect(after[0]?.line).toBe(3)
})
