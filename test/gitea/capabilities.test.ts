import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { type CapabilityWatch, compareOperations, createCapabilityWatch } from '../../src/gitea/capabilities.js'
import { createSilentLogger } from '../../src/lib/logger.js'
import { MINUTE } from '../../src/lib/units.js'

type Paths = Record<string, Record<string, unknown>>

/** Paths and methods as Gitea 1.26 describes them. */
const DESCRIBED: Paths = JSON.parse(readFileSync('test/fixtures/gitea-swagger-paths.json', 'utf8')).paths

test('a current Gitea has every operation that this product can send', () => {
  expect([...(compareOperations(DESCRIBED) ?? [])]).toEqual([])
})

test('what an older Gitea does not describe is missing: a path, or a method of a path', () => {
  const { '/repos/{owner}/{repo}/contents-ext/{filepath}': _contents, ...older } = structuredClone(DESCRIBED)
  delete older['/repos/{owner}/{repo}/pulls/{index}.{diffType}']
  delete older['/repos/{owner}/{repo}/labels/{id}']?.patch

  expect([...(compareOperations(older) ?? [])].sort()).toEqual(['getContents', 'getPullRequestDiff', 'updateLabel'])
})

test('a document that describes no Gitea says nothing', () => {
  expect(compareOperations({})).toBeUndefined()
  expect(compareOperations({ '/pets': { get: {} } })).toBeUndefined()
})

interface FakeGitea {
  readonly url: string
  version: string | undefined
  paths: Paths | undefined
  readonly asked: string[]
}

async function startFake(): Promise<FakeGitea> {
  const fake = { url: '', version: '1.26.0', paths: DESCRIBED, asked: [] } as {
    -readonly [K in keyof FakeGitea]: FakeGitea[K]
  }
  const server = createServer((req, res) => {
    fake.asked.push(req.url ?? '')
    const found =
      req.url === '/git/api/v1/version'
        ? fake.version && { version: fake.version }
        : fake.paths && { paths: fake.paths }
    res.writeHead(found ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(found ?? {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  fake.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/git` // an IP server, so never a pipe's string
  return fake
}

function watch(giteaUrl: string) {
  const clock = { at: 0, now: () => clock.at }
  const changes: string[][] = []
  const capabilities: CapabilityWatch = createCapabilityWatch({
    giteaUrl,
    clock,
    log: createSilentLogger(),
    onChange: () => changes.push([...capabilities.missing()]),
  })
  return { clock, changes, capabilities }
}

const without = (path: string): Paths => Object.fromEntries(Object.entries(DESCRIBED).filter(([key]) => key !== path))
const BLOCKS = '/repos/{owner}/{repo}/issues/{index}/blocks'

test('everything is assumed until Gitea has been read, and while it cannot be', async () => {
  const gitea = await startFake()
  gitea.paths = undefined
  const { capabilities, changes } = watch(gitea.url)
  expect(capabilities.version()).toBeUndefined()

  await capabilities.check()

  expect(capabilities.version()).toBe('1.26.0')
  expect(capabilities.missing().size).toBe(0)
  expect(changes).toEqual([])
})

test('a Gitea that is down is asked again after a minute, and nothing is thrown', async () => {
  const { capabilities } = watch('http://127.0.0.1:9')
  await capabilities.check()
  expect(capabilities.missing().size).toBe(0)

  const gitea = await startFake()
  gitea.version = undefined
  const { clock, capabilities: later } = watch(gitea.url)
  await later.check()
  gitea.version = '1.26.0'
  clock.at += MINUTE - 1
  await later.check()
  expect(later.version()).toBeUndefined()
  clock.at += 1
  await later.check()
  expect(later.version()).toBe('1.26.0')
})

test('the description is read again when the version changes, and only then', async () => {
  const gitea = await startFake()
  gitea.paths = without(BLOCKS)
  const { clock, changes, capabilities } = watch(gitea.url)

  await Promise.all([capabilities.check(), capabilities.check()])
  await capabilities.check()
  expect(gitea.asked).toEqual(['/git/api/v1/version', '/git/swagger.v1.json'])
  expect(changes).toEqual([['listIssueBlocks']])

  gitea.paths = DESCRIBED
  clock.at += 5 * MINUTE
  await capabilities.check()
  expect([...capabilities.missing()]).toEqual(['listIssueBlocks'])

  gitea.version = '1.27.0'
  clock.at += 5 * MINUTE
  await capabilities.check()
  expect(capabilities.missing().size).toBe(0)
  expect(changes).toEqual([['listIssueBlocks'], []])
})

test('a Gitea that does not answer for a while is still the one it was', async () => {
  const gitea = await startFake()
  gitea.paths = without(BLOCKS)
  const { clock, changes, capabilities } = watch(gitea.url)
  await capabilities.check()

  gitea.version = undefined
  clock.at += 5 * MINUTE
  await capabilities.check()

  expect([...capabilities.missing()]).toEqual(['listIssueBlocks'])
  expect(changes).toHaveLength(1)
})
