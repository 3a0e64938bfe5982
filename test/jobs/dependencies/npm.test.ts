import { describe, expect, test } from 'vitest'
import { listUsed, scan } from './scan-files.js'

const manifest = JSON.stringify(
  {
    name: 'ferry',
    license: 'MIT',
    dependencies: { koa: '^3.0.0', zod: '4.1.0', 'left-pad': '*', ours: 'workspace:*', tidy: 'github:harbor/tidy' },
    devDependencies: { vitest: '>=5', koa: '^3.0.0', tagged: 'latest' },
    optionalDependencies: { fsevents: '^2.3.0' },
  },
  undefined,
  2,
)

const packages = (more: Record<string, unknown> = {}) =>
  JSON.stringify(
    {
      lockfileVersion: 3,
      packages: {
        '': { name: 'ferry' },
        'node_modules/koa': { version: '3.1.0' },
        'node_modules/zod': { version: '4.1.0' },
        'node_modules/left-pad': { version: '1.3.0', deprecated: 'use String.prototype.padStart()' },
        'node_modules/vitest': { version: '5.1.1' },
        'node_modules/tagged': { version: '1.0.0' },
        'node_modules/koa/node_modules/left-pad': { version: '1.0.0' },
        ...more,
      },
    },
    undefined,
    2,
  )

describe('npm', () => {
  test('a manifest without a lock file: everything that may change is named', () => {
    expect(scan({ 'package.json': manifest }).lines).toEqual([
      'unpinned-source package.json:9 tidy',
      'duplicate-entry package.json:5 koa',
      'missing-lockfile package.json package.json',
      'floating-range package.json:7 left-pad',
      'floating-range package.json:12 vitest',
      'floating-range package.json:14 tagged',
    ])
  })

  test('with a lock file open ranges are notes, and what the lock calls deprecated is named', () => {
    const { findings, lines } = scan({ 'package.json': manifest, 'package-lock.json': packages() })

    expect(lines.filter((line) => /lockfile/.test(line))).toEqual([])
    expect(findings.find(({ rule }) => rule === 'floating-range')?.severity).toBe('info')
    expect(findings.find(({ rule }) => rule === 'deprecated-package')).toMatchObject({
      path: 'package-lock.json',
      line: 13,
      message:
        '`left-pad 1.3.0` is deprecated, in the words of its maintainers: `use String.prototype.padStart()`. Move to what replaces it.',
    })
  })

  test('a lock file out of step', () => {
    const lock = packages({ 'node_modules/zod': { version: '4.2.0' }, 'node_modules/koa': undefined })

    expect(
      scan({ 'package.json': manifest, 'package-lock.json': lock }).lines.filter((line) => /lockfile/.test(line)),
    ).toEqual(['lockfile-missing-entry package.json:5 koa', 'lockfile-outside-range package.json:6 zod'])
  })

  test('a version that is decided by an override is not compared with what was asked for', () => {
    const json = (more: object) => JSON.stringify({ private: true, dependencies: { zod: '4.1.0' }, ...more })
    const lock = '{"lockfileVersion": 3, "packages": {"node_modules/zod": {"version": "4.2.0"}}}'

    expect(scan({ 'package.json': json({}), 'package-lock.json': lock }).lines).toEqual([
      'lockfile-outside-range package.json zod',
    ])
    for (const more of [
      { overrides: { zod: '4.2.0' } },
      { resolutions: { 'koa/zod': '4.2.0' } },
      { pnpm: { overrides: { 'koa>zod@4': '4.2.0' } } },
    ]) {
      expect(scan({ 'package.json': json(more), 'package-lock.json': lock }).lines).toEqual([])
    }
  })

  test('a workspace shares the lock file of its root, and vendored packages are nobody’s', () => {
    expect(
      scan({
        'package.json': '{"private": true, "workspaces": ["packages/*"]}',
        'package-lock.json': packages(),
        'packages/a/package.json': '{"private": true, "dependencies": {"koa": "^3.0.0"}}',
        'node_modules/koa/package.json': '{"dependencies": {"x": "*"}}',
      }).lines.filter((line) => !line.startsWith('deprecated')),
    ).toEqual([])
  })

  test('yarn.lock, in both its forms', () => {
    const json = '{"private": true, "dependencies": {"koa": "^3.0.0", "@a/b": "~1.2.0", "zod": "^4.0.0"}}'
    const classic =
      '# yarn lockfile v1\n\n"@a/b@~1.2.0":\n  version "1.3.0"\n\nkoa@^3.0.0, koa@^3.0.1:\n  version "3.0.2"\n'
    const berry =
      '__metadata:\n  version: 8\n\n"koa@npm:^3.0.0":\n  version: 3.0.2\n\n"@a/b@npm:~1.2.0":\n  version: 1.2.9\n'

    expect(scan({ 'package.json': json, 'yarn.lock': classic }).lines).toEqual([
      'lockfile-outside-range package.json @a/b',
      'lockfile-missing-entry package.json zod',
    ])
    expect(scan({ 'package.json': json, 'yarn.lock': berry }).lines).toEqual([
      'lockfile-missing-entry package.json zod',
    ])
  })

  test('pnpm-lock.yaml, old and new', () => {
    const json = '{"private": true, "dependencies": {"koa": "^3.0.0", "@a/b": "^1.0.0"}}'
    const now = `lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies: {}\n\npackages:\n\n  '@a/b@1.0.1':\n    resolution: {integrity: sha512-x}\n    deprecated: gone\n\n  koa@3.0.2(zod@4.0.0):\n    resolution: {}\n\nsnapshots:\n\n  other@1.0.0: {}\n`
    const old =
      'lockfileVersion: 5.4\n\npackages:\n\n  /@a/b/1.0.1:\n    resolution: {}\n\n  /koa/2.9.0:\n    resolution: {}\n'

    expect(scan({ 'package.json': json, 'pnpm-lock.yaml': now }).lines).toEqual([
      'deprecated-package pnpm-lock.yaml:10 @a/b@1.0.1',
    ])
    expect(listUsed({ 'pnpm-lock.yaml': now })).toEqual(['@a/b 1.0.1', 'koa 3.0.2'])
    expect(scan({ 'package.json': json, 'pnpm-lock.yaml': old }).lines).toEqual([
      'lockfile-outside-range package.json koa',
    ])
  })

  test('a lock file that is not read counts as one', () => {
    expect(
      scan({ 'package.json': '{"private": true, "dependencies": {"a": "^1.0.0"}}', 'bun.lockb': '' }).lines,
    ).toEqual([])
  })

  test('a licence is asked of what may be published', () => {
    expect(scan({ 'package.json': '{"name": "ferry"}' }).lines).toEqual(['missing-licence package.json license'])
  })
})
