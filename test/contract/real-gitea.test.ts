import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { findRealGiteaTests } from '../support/gitea-real/find-tests.js'
import { listFiles } from './source-files.js'

function runScript(env: Record<string, string>) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/test-gitea.ts'], {
    env: { PATH: '', ...env },
    encoding: 'utf8',
    timeout: 20_000,
  })
  return { status, stdout, stderr }
}

test('without a Gitea, test:gitea says that nothing ran and how to change that, and fails nobody', () => {
  const { status, stdout } = runScript({})

  expect(stdout).toContain('did NOT run')
  expect(stdout).toContain('GITEA_BIN=')
  expect(status).toBe(0)
})

test('a GITEA_BIN that does not run is a failure, not a skip', () => {
  const { status, stderr } = runScript({ GITEA_BIN: '/nowhere/gitea' })

  expect(stderr).toContain('/nowhere/gitea is no Gitea that runs here')
  expect(status).toBe(1)
})

test('every story, job and tool test runs against a real Gitea, starts the sandbox itself, or needs neither', () => {
  const { runs, otherwise } = findRealGiteaTests()
  const folders = ['flows', 'identity', 'jobs', 'search', 'tools', 'webhooks', 'real']
  const shared = listFiles(...folders.flatMap((name) => [`test/${name}/*.test.ts`, `test/${name}/**/*.test.ts`]))

  expect([...runs, ...otherwise].sort()).toEqual([...new Set(shared)].sort())
  expect(runs).toEqual(expect.arrayContaining(['test/flows/read.test.ts', 'test/tools/get-me.test.ts']))
})
