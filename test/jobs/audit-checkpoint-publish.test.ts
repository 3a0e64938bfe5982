import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { seedPeople } from '../support/seed-gitea.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { addBot, type RunningJobs, startJobs } from '../support/start-jobs.js'

const KIND = 'audit_checkpoint_publish'
const REPOSITORY = 'alice/records'

let gitea: GiteaUnderTest
let jobs: RunningJobs
let folder: string

beforeAll(async () => {
  gitea = await startGitea()
  folder = mkdtempSync(join(tmpdir(), 'aegis-heads-'))
  await gitea.addRepository({ owner: 'alice', name: 'records', private: true, files: { 'README.md': '# Records\n' } })
  jobs = await startJobs(gitea, await addBot(gitea, REPOSITORY), {
    repository: REPOSITORY,
    settings: { AUDIT_CHECKPOINT_ENTRIES: '2' },
    policy: toPolicy(join(folder, 'heads.jsonl')),
  })
})

afterAll(async () => {
  await jobs.close()
  await gitea.close()
  rmSync(folder, { recursive: true, force: true })
})

const toPolicy = (file: string) =>
  `{tools: {allow: [automation_${KIND}]}, automation: {jobs: {${KIND}: {parameters: {file: ${file}}}}}}\n`

function usePolicy(file: string): boolean {
  const { aegis } = jobs.stack
  writeFileSync(aegis.policyPath, toPolicy(file))
  return aegis.app.reloadPolicy()
}

const readFile = () => readFileSync(join(folder, 'heads.jsonl'), 'utf8').trimEnd().split('\n')

async function readDraft(): Promise<string[]> {
  const releases = (await sendToGitea(gitea, seedPeople.alice.login, 'GET', `/repos/${REPOSITORY}/releases`)) as {
    draft: boolean
    body: string
  }[]
  expect(releases).toHaveLength(1)
  expect(releases[0]?.draft).toBe(true)
  return releases[0]?.body.split('\n').filter((line) => line.startsWith('{')) ?? []
}

test('each new signed head is added to the file and stands first in the draft release', async () => {
  expect((await jobs.run(KIND)).report.summary).toBe('No head has been signed yet.')
  // a head is signed after two entries, and a call leaves two
  const connection = await jobs.stack.connect()
  await jobs.stack.call(connection, 'get_me')
  await jobs.stack.aegis.app.gate.audit.flush()
  await jobs.run(KIND)
  await jobs.stack.aegis.app.gate.audit.flush()
  const before = readFile()

  const { report } = await jobs.run(KIND)

  const after = readFile()
  expect(after.slice(0, before.length)).toEqual(before)
  expect(after).toHaveLength(before.length + 1)
  expect(report.data).toEqual({ checkpoint: after.at(-1) })
  expect((await readDraft())[0]).toBe(after.at(-1))
  expect(after.at(-1)).toMatch(/^\{"checkpoint":\{"head_hash":"[0-9a-f]{64}"/)
})

test('a file that cannot be written is named, and nothing is tried again', async () => {
  usePolicy(join(folder, 'missing', 'heads.jsonl'))

  const job = await jobs.run(KIND)

  expect(job.state).toBe('dead')
  expect(job.lastError).toContain('missing/heads.jsonl cannot be written')
  usePolicy(join(folder, 'heads.jsonl'))
})

test('a relative path is a mistake in the policy', () => {
  expect(usePolicy('heads.jsonl')).toBe(false)
  usePolicy(join(folder, 'heads.jsonl'))
})

test('whoever asks for a run cannot choose a file of the server’s computer', async () => {
  const other = join(folder, 'other.jsonl')
  const port = jobs.automation.port
  const wanted = { job: KIND, repository: { owner: 'alice', repo: 'records' }, dryRun: false, by: 'alice' }

  expect(() => port.start({ ...wanted, parameters: { file: other } })).toThrow(
    'file of audit_checkpoint_publish is set in the policy only. Leave it out.',
  )
  const job = await jobs.run(KIND, { parameters: { file: other } })
  expect(job).toMatchObject({ state: 'dead', lastError: expect.stringContaining('set in the policy only') })
  expect(existsSync(other)).toBe(false)
})
