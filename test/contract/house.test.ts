import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { VERSION } from '../../src/lib/version.js'
import { listFiles } from './source-files.js'

const CODE = ['src', 'test', 'scripts'].flatMap((folder) => [
  `${folder}/**/*.ts`,
  `${folder}/**/*.tsx`,
  `${folder}/*.ts`,
])

test('no file is longer than 300 lines', () => {
  const long = listFiles(...CODE)
    .map((file) => ({ file, lines: readFileSync(file, 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > 300)

  expect(long).toEqual([])
})

test('only config reads the environment, only lib/clock reads the time, and nothing but commands prints', () => {
  const rules: readonly (readonly [pattern: RegExp, allowed: RegExp])[] = [
    [/process\.env\b/, /^src\/config\/env\.ts$/],
    [/\bDate\.now\(|new Date\(\)|Math\.random\(/, /^src\/lib\/(clock|logger)\.ts$/],
    [/\bconsole\./, /^src\/cli\//],
  ]
  const wrong = listFiles('src/**/*.ts', 'src/**/*.tsx', 'src/*.ts').flatMap((file) => {
    const source = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    return rules
      .filter(([pattern, allowed]) => pattern.test(source) && !allowed.test(file))
      .map(([pattern]) => `${file}: ${pattern.source}`)
  })

  expect(wrong).toEqual([])
})

test('no type holes', () => {
  const wrong = listFiles('src/**/*.ts', 'src/**/*.tsx', 'src/*.ts').filter((file) =>
    /:\s*any\b|\bas any\b|@ts-ignore|@ts-nocheck|@ts-expect-error/.test(readFileSync(file, 'utf8')),
  )

  expect(wrong).toEqual([])
})

test('every dependency is in docs/dependencies.md', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
  const document = readFileSync('docs/dependencies.md', 'utf8')
  const names = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies)]

  expect(names.filter((name) => !document.includes(`\`${name}\``))).toEqual([])
})

test('the version is the one in package.json', () => {
  expect(VERSION).toBe(JSON.parse(readFileSync('package.json', 'utf8')).version)
})
