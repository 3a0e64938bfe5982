import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createAdvisorySource } from '../../src/jobs/kinds/dependencies/advisory-source.js'
import { createDependencyHygieneScan } from '../../src/jobs/kinds/dependency-hygiene-scan.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { readAudit } from '../support/read-audit.js'
import { seedPeople } from '../support/seed-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

const NAME = 'dependency_hygiene_scan'
const LOCK = JSON.stringify({
  lockfileVersion: 3,
  packages: { 'node_modules/koa': { version: '3.0.0' }, 'node_modules/left-pad': { version: '1.3.0' } },
})

let gitea: GiteaUnderTest
let token: string
let stack: Stack
let repo = ''
let count = 0

beforeAll(async () => {
  gitea = await startGitea()
  token = await gitea.createToken(seedPeople.alice.login, ['write:issue', 'write:repository', 'read:user'])
})

afterAll(() => gitea.close())

async function addRepository() {
  count += 1
  repo = `deps-${count}`
  await gitea.addRepository({
    owner: 'alice',
    name: repo,
    files: {
      'package.json': '{"private": true, "dependencies": {"koa": "^3.0.0", "left-pad": "*"}}',
      'web/Dockerfile': 'FROM node:latest\n',
      'secret/Dockerfile': 'FROM secret:latest\n',
      'src/main.ts': 'start()\n',
    },
  })
}

async function start(parameters = '{}', advisorySource?: string) {
  stack = await startStack(gitea, {
    policy: `
defaults: {read: allow, write: deny}
repositories:
  alice/${repo}:
    tools: {allow: [automation_${NAME}]}
    automation: {${NAME}: {parameters: ${parameters}}}
    paths: {deny: ['secret/**']}
`,
    jobs: [
      createDependencyHygieneScan(advisorySource === undefined ? undefined : createAdvisorySource(advisorySource)),
    ],
    settings: {
      AUTOMATION_ENABLED: 'true',
      AUTOMATION_TOKEN: token,
      WRITE_MODE: 'true',
      WRITE_REPOSITORY_WHITELIST: `alice/${repo}`,
    },
  })
  const { automation } = stack.aegis.app
  if (automation === undefined) throw new Error('automation is off')
  return async (more: { dryRun?: boolean } = {}) => {
    const { id } = automation.queue.enqueue({
      kind: NAME,
      repository: `alice/${repo}`,
      trigger: 'manual',
      triggeredBy: 'test',
      ...more,
    })
    await automation.runner.idle()
    const row = automation.queue.find(id)
    expect(row?.lastError).toBeNull()
    const report = Report.parse(JSON.parse(row?.report ?? '{}'))
    return {
      ...report,
      found: report.findings.map(({ rule, path }) => `${rule} ${path}`).sort(),
      effects: report.effects.map(({ tool, status }) => `${tool} ${status}`),
    }
  }
}

const Report = z.object({
  summary: z.string(),
  left: z.string().optional(),
  findings: z.array(z.object({ rule: z.string(), path: z.string(), message: z.string(), fingerprint: z.string() })),
  effects: z.array(z.object({ tool: z.string(), status: z.string() })),
  data: z.object({ issue: z.number().optional(), commit: z.string().optional() }).optional(),
})

async function readIssue(number: number | undefined) {
  const response = await fetch(`${gitea.url}/api/v1/repos/alice/${repo}/issues/${number}`, {
    headers: { authorization: `token ${token}` },
  })
  return z
    .object({ state: z.string(), body: z.string(), labels: z.array(z.object({ name: z.string() })) })
    .parse(await response.json())
}

const commit = (files: Record<string, string>) => gitea.commit('alice', repo, { files, message: 'Tidy up' })

const FOUND = ['floating-range package.json', 'latest-image web/Dockerfile', 'missing-lockfile package.json']

describe('the scan', () => {
  beforeEach(addRepository)

  afterEach(() => stack.close())

  test('opens one report, leaves it while nothing changes, edits it in place, and says when all is well', async () => {
    const run = await start('{close_when_clean: true}')

    const first = await run()
    expect(first.found).toEqual(FOUND)
    expect(first.effects).toEqual(['create_issue made'])
    const number = first.data?.issue
    const opened = await readIssue(number)
    expect(opened.body).toContain('`node:latest` may be another image tomorrow')
    expect(opened.body).toContain('`web/Dockerfile:1`')
    expect(opened.body).not.toContain('secret/')
    expect(opened.body).toContain('Left out: files that the policy hides')

    await commit({ 'src/main.ts': 'begin()\n' })
    const second = await run()
    expect(second.effects).toEqual([])
    expect(second.data?.issue).toBe(number)
    expect(await readIssue(number)).toEqual(opened)

    await commit({ 'package-lock.json': LOCK })
    const third = await run()
    expect(third.effects).toEqual(['update_issue made'])
    expect(third.data?.issue).toBe(number)
    expect((await readIssue(number)).body).not.toContain('has no lock file')

    await commit({
      'package.json': '{"private": true, "dependencies": {"koa": "^3.0.0"}}',
      'web/Dockerfile': `FROM node:24@sha256:${'0'.repeat(64)}\n`,
    })
    const last = await run()
    expect(last.found).toEqual([])
    expect(await readIssue(number)).toMatchObject({ state: 'closed', body: expect.stringContaining('No findings.') })
  })

  test('reads one commit, through the gate, and writes nothing but the report', async () => {
    const run = await start()

    const { data } = await run()

    const rows = (await readAudit(stack.aegis)).filter((row) => row.via === 'job' && row.status === 'pending')
    expect([...new Set(rows.map((row) => row.tool))]).toEqual([
      'get_repository_info',
      'get_branch',
      'get_file_tree',
      'get_file_contents',
      'find_own_issues',
      'create_issue',
    ])
    const Asked = z.array(z.object({ arguments: z.object({ ref: z.string().optional() }) }))
    const refs = Asked.parse(rows).flatMap((row) => row.arguments.ref ?? [])
    expect(new Set(refs)).toEqual(new Set([data?.commit]))
  })

  test('leaves out what the policy tells it to', async () => {
    const run = await start(
      '{ignore: [{rule: floating-range, package: "left-*"}, {path: "web/**"}], minimum_severity: warning, ecosystems: [npm, docker]}',
    )

    expect((await run()).found).toEqual(['missing-lockfile package.json'])
  })

  test('reads no more files than it may, and says what is left', async () => {
    const run = await start('{max_files: 1}')

    const { found, left, data } = await run()

    expect(found).toEqual(['floating-range package.json', 'missing-lockfile package.json'])
    expect(left).toContain('1 files beyond max_files')
    expect((await readIssue(data?.issue)).body).toContain('1 files beyond max')
  })

  test('puts labels on the report that it opens', async () => {
    await gitea.addLabel({ owner: 'alice', repo, name: 'dependencies', color: '0000ff' })
    const run = await start('{labels: [dependencies]}')

    const { data } = await run()

    expect((await readIssue(data?.issue)).labels.map(({ name }) => name)).toEqual(['dependencies'])
  })

  test('plans in a dry run', async () => {
    const run = await start()

    expect((await run({ dryRun: true })).effects).toEqual(['create_issue planned'])
  })

  test('names known vulnerabilities of locked versions, with what mends them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'advisories-'))
    writeFileSync(
      join(folder, 'advisory.json'),
      JSON.stringify({
        id: 'GHSA-test-0001',
        summary: 'Pads @everyone on the left',
        affected: [
          {
            package: { ecosystem: 'npm', name: 'left-pad' },
            ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '1.3.1' }] }],
          },
        ],
      }),
    )
    await commit({ 'package-lock.json': LOCK })
    const run = await start('{}', folder)

    const { findings, data } = await run()

    rmSync(folder, { recursive: true })
    expect(findings.filter(({ rule }) => rule === 'known-vulnerability').map(({ message }) => message)).toEqual([
      '`left-pad 1.3.0` has the known vulnerability `GHSA-test-0001` (`Pads @everyone on the left`). Move to `1.3.1` or later.',
    ])
    expect((await readIssue(data?.issue)).body).toContain('GHSA-test-0001')
  })

  test('a lock file that is longer than one answer is read to its end, in few calls', async () => {
    const packages = Object.fromEntries(
      Array.from({ length: 2000 }, (_, at) => [
        `node_modules/package-${at}`,
        { version: '1.0.0', integrity: `sha512-${'a'.repeat(86)}==` },
      ]),
    )
    await commit({
      'package.json': '{"private": true, "dependencies": {"package-1999": "^2.0.0"}}',
      'package-lock.json': JSON.stringify({ lockfileVersion: 3, packages }, undefined, 2),
    })
    const run = await start()

    expect((await run()).found).toEqual(['latest-image web/Dockerfile', 'lockfile-outside-range package.json'])
    const calls = (await readAudit(stack.aegis)).filter(
      (row) => row.tool === 'get_file_contents' && row.status === 'pending',
    )
    expect(calls).toHaveLength(2)
  })
})

describe('a push sets it off', () => {
  const { dedupe } = createDependencyHygieneScan()
  const push = { event: 'push', ref: 'refs/heads/main', default_branch: 'main' }

  test.each([
    ['to the default branch', push, true],
    ['that touched a manifest', { ...push, changed_paths: ['a.txt', 'web/package.json'] }, true],
    ['that touched nothing of interest', { ...push, changed_paths: ['a.txt'] }, false],
    ['to another branch', { ...push, ref: 'refs/heads/topic' }, false],
    ['of a tag', { ...push, ref: 'refs/tags/main' }, false],
  ])('%s', (_what, facts, expected) => {
    expect(dedupe(facts, 'alice/Web')).toBe(expected ? `${NAME}:alice/web` : undefined)
  })
})
