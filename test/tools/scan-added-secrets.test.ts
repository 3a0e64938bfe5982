import { afterAll, beforeAll, expect, test } from 'vitest'
import { sha256Hex } from '../../src/lib/crypto.js'
import { fake } from '../../src/redact/rules/secret-rule.js'
import { createRedactor } from '../../src/redact/secrets.js'
import { scanAddedSecrets } from '../../src/tools/scan-added-secrets.js'
import { begin, end, keyLine } from '../redact/key-text.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner
let last: string

const vault = { owner: 'alice', repo: 'vault' }
const token = `ghp_${fake(36)}`
const other = `glpat-${fake(20)}`
const old = `npm_${fake(36)}`

const say = (files: Readonly<Record<string, string | Buffer | null>>, branch?: string, from?: string) =>
  gitea.commit('alice', 'vault', {
    message: 'Work',
    files,
    ...(branch === undefined ? {} : { branch }),
    ...(from === undefined ? {} : { from }),
  })

/** Commits, and scans what that added. */
async function scan(files: Readonly<Record<string, string | Buffer | null>>, more = {}) {
  const base = last
  last = await say(files)
  return (await alice.run(scanAddedSecrets, { ...vault, base, head: last }, more)).data
}

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
  await gitea.addRepository({ owner: 'alice', name: 'vault', files: { 'old.env': `NPM=${old}\n`, 'a.txt': 'a\n' } })
  last = await say({ 'b.txt': 'b\n' })
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

test('tells where a secret was added, and nothing of the secret', async () => {
  const data = await scan({ 'src/config.ts': `// one\n// two\nconst key = "${token}"\n`, 'fine.txt': 'nothing\n' })

  expect(data).toMatchObject({
    head: last,
    base_gone: false,
    commits: 1,
    total: 1,
    more: 0,
    hidden: 0,
    cut: 0,
    findings: [{ rule: 'github-token', path: 'src/config.ts', line: 3, commit: last, author: 'alice' }],
  })
  const said = JSON.stringify(data)
  for (let at = 0; at + 8 <= token.length; at += 1) {
    expect(said).not.toContain(token.slice(at, at + 8))
  }
})

test('a fingerprint is made of where a secret stands alone', async () => {
  const { findings } = await scan({ 'where.env': `# here\nKEY=${token.replace('Fake', 'Here')}\n` })

  expect(findings).toMatchObject([
    { fingerprint: sha256Hex([last, 'where.env', 'github-token', '2'].join('\n')).slice(0, 32) },
  ])
})

test('what was there before, or only moved, is not found', async () => {
  expect(await scan({ 'old.env': `# moved\nNPM=${old}\n` })).toMatchObject({ findings: [] })
  expect(await scan({ 'old.env': null, 'new/place.env': `A=1\n# moved\nNPM=${old}\nB=2\n` })).toMatchObject({
    findings: [],
  })
  expect(await scan({ 'new/place.env': `A=1\n# moved\nNPM=${old}\nB=3\n` })).toMatchObject({ findings: [] })
})

test('a secret that takes the place of another is found', async () => {
  expect(await scan({ 'new/place.env': `A=1\n# moved\nNPM=npm_${fake(37).slice(1)}\nB=3\n` })).toMatchObject({
    findings: [{ rule: 'npm-token', line: 3 }],
  })
})

test('every commit of a range is looked at: a secret that the next one removes was still pushed', async () => {
  const base = last
  const added = await say({ 'short.env': `KEY=${token.replace('Fake', 'fakE')}\n` })
  last = await say({ 'short.env': 'KEY=\n' })
  const { data } = await alice.run(scanAddedSecrets, { ...vault, base, head: last })

  expect(data).toMatchObject({ commits: 2, findings: [{ path: 'short.env', line: 1, commit: added }] })
})

test('goes on part by part, and without a base to the very first commit', async () => {
  const base = last
  await say({ 'p1.txt': `${other}\n` })
  last = await say({ 'p2.txt': 'fine\n' })
  const { data: first } = await alice.run(scanAddedSecrets, { ...vault, base, head: last, limit: 1 })
  const { data: second } = await alice.run(scanAddedSecrets, { ...vault, base, head: last, page: 2, limit: 1 })
  const { data: all } = await alice.run(scanAddedSecrets, { ...vault, head: 'main', limit: 50 })

  expect(first).toMatchObject({ findings: [], total: 2, next: { page: 2, limit: 1 } })
  expect(second).toMatchObject({ findings: [{ rule: 'gitlab-token', path: 'p1.txt' }] })
  expect(second).not.toHaveProperty('next')
  expect(all.findings).toContainEqual(expect.objectContaining({ rule: 'npm-token', path: 'old.env', line: 1 }))
})

test('a private key of many lines is found once, where it begins, with Windows line ends too', async () => {
  const key = [begin, keyLine, keyLine.split('').reverse().join(''), end].join('\r\n')

  expect(await scan({ 'id.pem': `x\r\n${key}\r\n`, 'blob.bin': Buffer.from([0, 1, 2, 0]) })).toMatchObject({
    findings: [{ rule: 'private-key', path: 'id.pem', line: 2 }],
  })
})

test('files that the policy hides are counted and not looked into', async () => {
  const data = await scan(
    { 'hidden/k.env': `KEY=${token.replace('Fake', 'FAKE')}\n`, 'open.env': `KEY=${other.replace('Fake', 'FAKE')}\n` },
    { mayReadPath: (path: string) => !path.startsWith('hidden/') },
  )

  expect(data).toMatchObject({ hidden: 1, findings: [{ path: 'open.env' }] })
})

test('a secret in the name of a file is not told either', async () => {
  const name = `ghp_${fake(38).slice(2)}`
  const data = await scan({ [`keys/${name}.txt`]: `KEY=${name}\n` })

  expect(data).toMatchObject({ findings: [{ path: 'keys/[secret masked: github-token].txt' }] })
})

test('a merge answers for nothing that its parents brought', async () => {
  const before = last
  const brought = await say({ 'side.env': `KEY=${token.replace('Fake', 'Side')}\n` }, 'side', 'main')
  await merge('side', 'main')
  const into = (await alice.run(scanAddedSecrets, { ...vault, base: before, head: 'main' })).data
  // and the other way round, where the parent with the secret is in the base already
  await say({ 'w.txt': 'w\n' }, 'late', before)
  await merge('main', 'late')
  const back = (await alice.run(scanAddedSecrets, { ...vault, base: 'main', head: 'late' })).data
  last = (await alice.run(scanAddedSecrets, { ...vault, head: 'main', limit: 1 })).data.head as string

  expect(into).toMatchObject({ commits: 2, findings: [{ commit: brought, path: 'side.env' }] })
  expect(back).toMatchObject({ commits: 2, findings: [] })
})

async function merge(head: string, base: string): Promise<void> {
  const index = await gitea.addPullRequest({ ...vault, author: 'alice', title: `${head} into ${base}`, head, base })
  await sendToGitea(gitea, 'alice', 'POST', `/repos/alice/vault/pulls/${index}/merge`, { Do: 'merge' })
}

test('a base that is gone is said, a head that is gone is refused', async () => {
  const gone = 'f'.repeat(40)

  expect((await alice.run(scanAddedSecrets, { ...vault, base: gone, head: 'main' })).data).toMatchObject({
    base_gone: true,
    commits: 0,
    findings: [],
  })
  await expect(alice.run(scanAddedSecrets, { ...vault, head: gone })).rejects.toMatchObject({ code: 'not_found' })
})

test('in long files and long lines each is found once, at its line', async () => {
  const rows = Array.from({ length: 12_000 }, (_, at) => `const row${at} = "${'x'.repeat(40)}"`)
  const key = [begin, ...Array.from({ length: 40 }, () => keyLine), end]
  for (const at of [10, 4000, 4500, 11_990])
    rows[at] = `token = "${other.replace('Fake', String(at).padStart(4, '7'))}"`
  rows.splice(4300, 0, ...key)
  const line = `${'y'.repeat(400_000)} ${token.replace('Fake', 'Long')} ${'z'.repeat(400_000)}`
  const data = await scan(
    { 'long.ts': `${rows.join('\n')}\n`, 'min.js': `a\n${line}\nb\n` },
    { maxResponseBytes: 8_388_608 },
  )

  expect((data.findings as { rule: string; line: number }[]).map(({ rule, line }) => `${rule} ${line}`)).toEqual([
    'gitlab-token 11',
    'gitlab-token 4001',
    'private-key 4301',
    'gitlab-token 4543',
    'gitlab-token 12033',
    'github-token 2',
  ])
})

test('a diff that is too large to be read is said', async () => {
  const rows = (seed: string) =>
    Array.from({ length: 3000 }, (_, at) => `row ${seed} ${at} ${'x'.repeat(30)}\n`).join('')

  expect(await scan({ 'a-long.txt': rows('one') }, { maxResponseBytes: 65_536 })).toMatchObject({ cut: 1 })
})

test('the lines for people name places alone', async () => {
  const base = last
  last = await say({ 'said.env': `KEY=${token.replace('Fake', 'Said')}\n` })
  const text = await alice.text(scanAddedSecrets, { ...vault, base, head: last })

  expect(text).toMatchInlineSnapshot(`
    "1 secret in 1 commit up to <id> in alice/vault.
    github-token said.env:1 <id> by alice"
  `)
  expect(createRedactor('mask')(text).found).toEqual([])
})
