import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect as connectSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent } from 'undici'
import { describe, expect, onTestFinished, test } from 'vitest'
import { findFix, indexAdvisories } from '../../../src/jobs/kinds/dependencies/advisories.js'
import { createAdvisorySource } from '../../../src/jobs/kinds/dependencies/advisory-source.js'
import type { Ecosystem } from '../../../src/jobs/kinds/dependencies/model.js'
import { toPackageKey } from '../../../src/jobs/kinds/dependencies/readers.js'
import { HOUR } from '../../../src/lib/units.js'

interface Range {
  readonly type: string
  readonly events: readonly Readonly<Record<string, string>>[]
}

function toAdvisory(ecosystem: string, name: string, ranges: readonly Range[], versions: readonly string[] = []) {
  return { id: 'OSV-1', summary: 'Bad', affected: [{ package: { ecosystem, name }, ranges, versions }] }
}

function toIndex(...entries: readonly unknown[]) {
  return indexAdvisories(entries, toPackageKey)
}

describe('an advisory is about a version', () => {
  const twice = [
    {
      type: 'SEMVER',
      events: [{ introduced: '0' }, { fixed: '1.2.0' }, { introduced: '2.0.0' }, { last_affected: '2.3.0' }],
    },
  ]

  test.each([
    ['1.1.9', true],
    ['1.2.0', false],
    ['1.9.0', false],
    ['2.0.0', true],
    ['2.3.0', true],
    ['2.3.1', false],
    ['2.0.0-rc.1', false],
    ['no version', false],
  ])('by its ranges: %s %s', async (version, expected) => {
    const shuffled = [{ type: 'SEMVER', events: twice[0]?.events.toReversed() ?? [] }]
    for (const ranges of [twice, shuffled]) {
      const found = (await toIndex(toAdvisory('npm', 'koa', ranges))).find('npm', 'koa', version)
      expect(found.length > 0).toBe(expected)
    }
  })

  test.each<[string, Ecosystem, string, string, string, string]>([
    ['PyPI', 'pypi', 'Typing_Extensions', 'typing-extensions', '1.0rc1', '1.0'],
    ['Go', 'go', 'golang.org/x/text', 'golang.org/x/text', 'v0.3.7', '0.3.8'],
    ['crates.io', 'cargo', 'serde_json', 'serde-json', '1.0.1', '1.0.2'],
    ['Maven:https://repo.example', 'maven', 'org.a:b', 'org.a:b', '2.0-rc1', '2.0'],
    ['Packagist', 'composer', 'a/b', 'A/B', 'v1.9.9', '2.0.0'],
    ['RubyGems', 'rubygems', 'rails', 'rails', '7.0.0.rc1', '7.0.0'],
    ['NuGet', 'nuget', 'Polly', 'polly', '8.0.0', '8.0.0.1'],
  ])('in %s, by the order and the names of that ecosystem', async (osv, ecosystem, name, used, version, fixed) => {
    const index = await toIndex(
      toAdvisory(osv, name, [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed }] }]),
    )

    expect(index.find(ecosystem, used, version)).toHaveLength(1)
    expect(index.find(ecosystem, used, fixed)).toEqual([])
  })

  test('by the versions that it lists, and never by git commits', async () => {
    const git = [{ type: 'GIT', events: [{ introduced: '0' }] }]

    const index = await toIndex(toAdvisory('npm', 'koa', git, ['3.0.0']))
    expect(index.find('npm', 'koa', '3.0.0')).toHaveLength(1)
    expect(index.find('npm', 'koa', '3.0.1')).toEqual([])
  })

  test('unless it was withdrawn, is about another ecosystem or makes no sense', async () => {
    const always = [{ type: 'SEMVER', events: [{ introduced: '0' }] }]
    const index = await toIndex(
      { ...toAdvisory('npm', 'koa', always), withdrawn: '2026-01-01T00:00:00Z' },
      toAdvisory('Debian:12', 'koa', always),
      { id: 7 },
      null,
      'words',
    )

    expect(index.find('npm', 'koa', '1.0.0')).toEqual([])
    expect(index.size).toBe(0)
  })

  test('and names the first version after it that is mended', async () => {
    const events = [{ introduced: '0' }, { fixed: '2.10.1' }, { introduced: '3.0.0' }, { fixed: '3.9.0' }]
    const [advisory] = (await toIndex(toAdvisory('npm', 'koa', [{ type: 'SEMVER', events }]))).find(
      'npm',
      'koa',
      '2.9.0',
    )

    expect(advisory && findFix('npm', '2.9.0', advisory.affected)).toBe('2.10.1')
  })
})

const always = (name: string) => toAdvisory('npm', name, [{ type: 'SEMVER', events: [{ introduced: '0' }] }])
const signal = new AbortController().signal

describe('advisories from files', () => {
  test.each([
    ['one advisory', JSON.stringify(always('koa'), undefined, 2)],
    ['a list', JSON.stringify([always('koa')])],
    ['an answer of the OSV API', JSON.stringify({ vulns: [always('koa')] })],
    ['lines', `${JSON.stringify(always('zod'))}\n${JSON.stringify(always('koa'))}\n`],
  ])('%s', async (_what, text) => {
    const folder = toFolder({ 'all.json': text })

    const index = await createAdvisorySource(join(folder, 'all.json')).load(0, signal)

    expect(index.find('npm', 'koa', '1.0.0')).toHaveLength(1)
  })

  test('a folder with one in each file, at any depth', async () => {
    const folder = toFolder({
      'npm/a.json': JSON.stringify(always('koa')),
      'npm/b/c.json': JSON.stringify(always('zod')),
      'README.md': '#',
    })

    expect((await createAdvisorySource(folder).load(0, signal)).size).toBe(2)
  })

  test('a source that is gone is said so without its path', async () => {
    await expect(createAdvisorySource('/nowhere/advisories').load(0, signal)).rejects.toThrow(
      'The advisories that AUTOMATION_ADVISORY_SOURCE names cannot be had.',
    )
  })

  test('are read again after a while, and kept when they cannot be', async () => {
    const folder = toFolder({ 'all.json': JSON.stringify([always('koa')]) })
    const source = createAdvisorySource(join(folder, 'all.json'))
    await source.load(0, signal)
    writeFileSync(join(folder, 'all.json'), JSON.stringify([always('koa'), always('zod')]))

    expect((await source.load(1000, signal)).size).toBe(1)
    expect((await source.load(HOUR, signal)).size).toBe(2)
    rmSync(folder, { recursive: true })
    expect((await source.load(3 * HOUR, signal)).size).toBe(2)
    await expect(source.load(48 * HOUR, signal)).rejects.toThrow('cannot be had')
  })
})

describe('advisories from an address', () => {
  test('are fetched once in a while', async () => {
    const web = await createWeb((res) => res.end(JSON.stringify([always('koa')])))
    const source = createAdvisorySource('https://osv.example/npm.json', web.dispatcher)

    await Promise.all([source.load(0, signal), source.load(0, signal)])
    expect((await source.load(1000, signal)).size).toBe(1)

    expect(web.requests).toEqual(['osv.example/npm.json'])
  })

  test.each<[string, (res: ServerResponse) => unknown]>([
    ['a redirect', (res) => res.writeHead(302, { location: 'https://169.254.169.254/latest' }).end()],
    ['an error', (res) => res.writeHead(500).end('[]')],
    ['no JSON', (res) => res.end('<html>')],
    ['more than is read', (res) => endWithout(res, 65 * 1024 * 1024)],
  ])('%s is refused', async (_what, answer) => {
    const web = await createWeb(answer)

    await expect(createAdvisorySource('https://osv.example/npm.json', web.dispatcher).load(0, signal)).rejects.toThrow(
      'cannot be had',
    )
    expect(web.requests).toHaveLength(1)
  })
})

function endWithout(res: ServerResponse, bytes: number) {
  const chunk = Buffer.alloc(1024 * 1024, ' ')
  for (let sent = 0; sent < bytes; sent += chunk.length) res.write(chunk)
  res.end('[]')
}

function toFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'advisories-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

/** A web in which every https host is one local server: real HTTP, without the certificates. */
async function createWeb(answer: (res: ServerResponse) => unknown) {
  const requests: string[] = []
  const server = createServer((req, res) => {
    requests.push(`${req.headers.host}${req.url}`)
    answer(res)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // an IP server, so never a pipe's string
  const dispatcher = new Agent({
    connect: (_options, callback) => {
      const socket = connectSocket(port, '127.0.0.1')
      socket.once('connect', () => callback(null, socket))
      socket.once('error', (error) => callback(error, null))
    },
  })
  onTestFinished(async () => {
    await dispatcher.destroy()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { requests, dispatcher }
}
