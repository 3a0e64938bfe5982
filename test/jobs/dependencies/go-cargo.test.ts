import { describe, expect, test } from 'vitest'
import { listUsed, scan } from './scan-files.js'

describe('Go', () => {
  const mod = `// Deprecated: use gitea.example/harbor/ferry/v2.
module gitea.example/harbor/ferry

go 1.24

require (
	github.com/go-chi/chi/v5 v5.1.0
	golang.org/x/text v0.16.0 // indirect
	gitea.example/harbor/tides v1.0.0
)

require github.com/go-chi/chi/v5 v5.0.0

replace gitea.example/harbor/tides => ../tides
`

  test('go.mod without sums', () => {
    expect(scan({ 'go.mod': mod }).lines).toEqual([
      'deprecated-package go.mod:2 gitea.example/harbor/ferry',
      'missing-lockfile go.mod go.mod',
      'duplicate-entry go.mod:12 github.com/go-chi/chi/v5',
    ])
    expect(listUsed({ 'go.mod': mod })).toContain('golang.org/x/text v0.16.0')
  })

  test('a sum that is missing, and one of another version', () => {
    const sum = 'github.com/go-chi/chi/v5 v5.0.0 h1:a=\ngithub.com/go-chi/chi/v5 v5.0.0/go.mod h1:b=\n'

    expect(scan({ 'go.mod': mod, 'go.sum': sum }).lines.filter((line) => line.startsWith('lockfile'))).toEqual([
      'lockfile-outside-range go.mod:7 github.com/go-chi/chi/v5',
      'lockfile-missing-entry go.mod:8 golang.org/x/text',
    ])
    // sums are kept of versions that nobody uses, too
    expect(listUsed({ 'go.mod': mod, 'go.sum': sum })).toEqual(listUsed({ 'go.mod': mod }))
  })
})

describe('Cargo', () => {
  const manifest = `[package]
name = "ferry"
version = "0.1.0"

[dependencies]
serde = { version = "1.0.200", features = ["derive"] }
tokio = "1.38"
rand = "*"
tides = { path = "../tides" }
clock = { git = "https://gitea.example/harbor/clock", branch = "main" }

[dev-dependencies]
proptest_derive = ">=0.4"
`

  test('Cargo.toml without a lock', () => {
    expect(scan({ 'Cargo.toml': manifest }).lines).toEqual([
      'unpinned-source Cargo.toml:10 clock',
      'missing-licence Cargo.toml license',
      'missing-lockfile Cargo.toml Cargo.toml',
      'floating-range Cargo.toml:8 rand',
      'floating-range Cargo.toml:13 proptest_derive',
    ])
  })

  test('a lock out of step: a bare version is a caret', () => {
    const lock = ['serde 1.0.203', 'tokio 2.0.0', 'proptest-derive 0.5.0']
      .map((entry) => entry.split(' '))
      .map(([name, version]) => `[[package]]\nname = "${name}"\nversion = "${version}"\n`)
      .join('\n')

    expect(
      scan({ 'Cargo.toml': manifest, 'Cargo.lock': lock }).lines.filter((line) => line.startsWith('lockfile')),
    ).toEqual(['lockfile-outside-range Cargo.toml:7 tokio', 'lockfile-missing-entry Cargo.toml:8 rand'])
    expect(listUsed({ 'Cargo.lock': lock })).toEqual(['serde 1.0.203', 'tokio 2.0.0', 'proptest-derive 0.5.0'])
  })
})
