import { describe, expect, test } from 'vitest'
import { isOpenRange } from '../../../src/jobs/kinds/dependencies/versions/open-range.js'
import { orderVersions, satisfiesGemRange } from '../../../src/jobs/kinds/dependencies/versions/order.js'
import { satisfiesSpecifiers, toSpecifiers } from '../../../src/jobs/kinds/dependencies/versions/pep440.js'
import {
  CARGO,
  COMPOSER,
  NPM,
  satisfiesInterval,
  satisfiesRange,
} from '../../../src/jobs/kinds/dependencies/versions/semver.js'

describe('ranges', () => {
  test.each([
    ['1.2.3', '^1.2.0', true],
    ['2.0.0', '^1.2.0', false],
    ['2.0.0-rc.1', '^1.2.0', false],
    ['0.2.9', '^0.2.3', true],
    ['0.3.0', '^0.2.3', false],
    ['0.0.4', '^0.0.3', false],
    ['1.2.9', '~1.2.3', true],
    ['1.3.0', '~1.2.3', false],
    ['1.9.0', '1.x', true],
    ['2.0.0', '1.x', false],
    ['1.2.3', '1.2.3', true],
    ['1.2.4', '1.2.3', false],
    ['1.2.4', '1.2', true],
    ['3.0.0', '^1.0.0 || ^3.0.0', true],
    ['2.0.0', '^1.0.0 || ^3.0.0', false],
    ['1.5.0', '>=1.2 <2', true],
    ['2.0.0', '>= 1.2 < 2', false],
    ['1.5.0', '1.0.0 - 1.4', false],
    ['1.4.9', '1.0.0 - 1.4', true],
    ['1.0.0', '*', true],
    ['1.0.0+build', '1.0.0', true],
    ['1.0.0', 'latest', undefined],
    ['not a version', '^1', undefined],
    ['1.0.0', '!=1', undefined],
  ])('npm: %s in %s is %s', (version, range, expected) => {
    expect(satisfiesRange(version, range, NPM)).toBe(expected)
  })

  test('Cargo takes a bare version as a caret, Composer’s tilde reaches further', () => {
    expect(satisfiesRange('1.9.0', '1.2', CARGO)).toBe(true)
    expect(satisfiesRange('2.0.0', '1.2', CARGO)).toBe(false)
    expect(satisfiesRange('1.2.0', '=1.2.0', CARGO)).toBe(true)
    expect(satisfiesRange('v1.9.0', '~1.2', COMPOSER)).toBe(true)
    expect(satisfiesRange('1.3.0', '~1.2.3', COMPOSER)).toBe(false)
    expect(satisfiesRange('2.1.0', '^1.0|^2.0', COMPOSER)).toBe(true)
  })

  test.each([
    ['1.4', '>=1.2,<2', true],
    ['2.0', '>=1.2,<2', false],
    ['1.4.5', '~=1.4.2', true],
    ['1.5', '~=1.4.2', false],
    ['1.4.9', '==1.4.*', true],
    ['1.4', '!=1.4.*', false],
    ['2.0rc1', '<2.0', true],
    ['2.0.post1', '>2.0', true],
    ['1!1.0', '>=2.0', true],
    ['1.0', '===1.0', undefined],
    ['1.0', 'banana', undefined],
  ])('PyPI: %s in %s is %s', (version, range, expected) => {
    expect(satisfiesSpecifiers(version, range)).toBe(expected)
  })

  test('Poetry’s signs', () => {
    expect(satisfiesSpecifiers('1.9', toSpecifiers('^1.2'))).toBe(true)
    expect(satisfiesSpecifiers('2.0a1', toSpecifiers('^1.2'))).toBe(false)
    expect(satisfiesSpecifiers('1.3', toSpecifiers('~1.2'))).toBe(false)
    expect(satisfiesSpecifiers('1.2.3', toSpecifiers('1.2.*'))).toBe(true)
  })

  test('RubyGems and NuGet', () => {
    expect(satisfiesGemRange('7.1.9', '~> 7.1.0')).toBe(true)
    expect(satisfiesGemRange('7.2.0', '~> 7.1.0')).toBe(false)
    expect(satisfiesGemRange('7.2.0', '~> 7.1, >= 7.1.3')).toBe(true)
    expect(satisfiesGemRange('8.0.0', '~> 7.1')).toBe(false)
    expect(satisfiesInterval('4.1.0', '4.0.0')).toBe(true)
    expect(satisfiesInterval('3.9.0', '4.0.0')).toBe(false)
    expect(satisfiesInterval('2.0.0', '[1.0,2.0)')).toBe(false)
    expect(satisfiesInterval('2.0.0', '[2.0.0]')).toBe(true)
    expect(satisfiesInterval('9.0.0', '(1.0,]')).toBe(true)
  })

  test.each(['*', '', 'x', 'latest', '>=1', '>1.0.0', '^1 || *', '>= 2'])('%j has no upper end', (range) => {
    expect(isOpenRange(range)).toBe(true)
  })

  test.each(['^1', '~2.0', '1.2.3', '>=1 <2', '>=1,<2', '<3', '1.0.0 - 2.0.0', '1.x'])('%j has one', (range) => {
    expect(isOpenRange(range)).toBe(false)
  })
})

test.each([
  ['npm', ['1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-beta', '1.0.0-rc.2', '1.0.0-rc.10', '1.0.0', '1.2.0', '1.10.0']],
  ['pypi', ['1.0.dev1', '1.0a1', '1.0b2', '1.0rc1', '1.0', '1.0.post1', '1.1', '1!0.1']],
  ['maven', ['1.0-alpha-1', '1.0-beta', '1.0-rc1', '1.0-SNAPSHOT', '1.0', '1.0-sp1', '1.0.1', '1.10']],
  ['rubygems', ['7.0.0.alpha2', '7.0.0.beta', '7.0.0.rc1', '7.0.0', '7.0.0.1', '7.0.10']],
  ['nuget', ['1.0.0-preview1', '1.0.0', '1.0.0.1', '1.0.1']],
] as const)('%s puts versions in their order', (ecosystem, versions) => {
  for (const [at, version] of versions.entries()) {
    for (const [other, later] of versions.entries()) {
      expect(Math.sign(orderVersions(ecosystem, version, later) ?? Number.NaN), `${version} ${later}`).toBe(
        Math.sign(at - other),
      )
    }
  }
})

test('no version and no range takes long to read', () => {
  const hostile = [
    '1'.repeat(100_000),
    '1.'.repeat(50_000),
    `${'-'.repeat(50_000)}!`,
    `>=${' '.repeat(50_000)}x`,
    'a@'.repeat(50_000),
  ]
  const startedAt = performance.now()
  for (const text of hostile) {
    satisfiesRange(text, text, NPM)
    satisfiesRange('1.0.0', text, NPM)
    satisfiesSpecifiers(text, text)
    satisfiesSpecifiers('1.0', text)
    satisfiesGemRange('1.0', text)
    satisfiesInterval('1.0', text)
    isOpenRange(text)
    for (const ecosystem of ['npm', 'pypi', 'maven'] as const) orderVersions(ecosystem, text, '1.0')
  }

  expect(performance.now() - startedAt).toBeLessThan(2000)
})
