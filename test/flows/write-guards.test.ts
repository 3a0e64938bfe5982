import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createRecentReads } from '../../src/gate/recent-reads.js'
import { operations } from '../../src/gitea/operations.js'
import type { Clock } from '../../src/lib/clock.js'
import { MINUTE } from '../../src/lib/units.js'
import { catalog } from '../../src/tools/catalog.gen.js'
import type { Connection } from '../support/connect-client.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { checkAudit, readAudit } from '../support/read-audit.js'
import { sampleArguments } from '../support/sample-arguments.js'
import { startGitea } from '../support/start-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

const WRITES = 'defaults: { read: allow, write: allow }\n'
const PUBLIC = { owner: 'alice', repo: 'field-notes' }
const PRIVATE = { owner: 'harbor', repo: 'infra' }
const CHANGES = catalog.filter(
  (tool) =>
    tool.audience !== 'jobs' &&
    tool.operations.some((name) => operations[name].kind !== 'read' && operations[name].path.startsWith('/repos/')),
)
const README = { ...PRIVATE, filepath: 'README.md' }

let ahead = 0
const clock: Clock = { now: () => Date.now() + ahead }
let gitea: GiteaUnderTest
let stack: Stack
let alice: Connection
let titles = 0

beforeAll(async () => {
  gitea = await startGitea()
  stack = await startStack(gitea, {
    settings: { WRITE_MODE: 'true', WRITE_ALLOW_ALL_TOKEN_REPOS: 'true' },
    policy: WRITES,
    clock,
  })
})

beforeEach(async () => {
  // a client of its own: what another one read does not count
  alice = await stack.connect(undefined, { scope: 'write:repository' })
  usePolicy('warn')
})

afterAll(async () => {
  await checkAudit(stack.aegis)
  await stack.close()
  await gitea.close()
})

function usePolicy(mode: 'off' | 'warn' | 'block', minutes = 60) {
  writeFileSync(stack.aegis.policyPath, `${WRITES}private_to_public: ${mode}\nprivate_to_public_minutes: ${minutes}\n`)
  expect(stack.aegis.app.reloadPolicy()).toBe(true)
}

function write(where: { owner: string; repo: string } = PUBLIC) {
  titles += 1
  return stack.call(alice, 'create_issue', { ...where, title: `Guarded ${titles}` })
}

describe('a client that read a private repository and now writes to a public one', () => {
  test('is warned, by default, and the log says what it had read', async () => {
    writeFileSync(stack.aegis.policyPath, WRITES)
    stack.aegis.app.reloadPolicy()
    await stack.call(alice, 'get_repository_info', PRIVATE)

    const answer = await write()

    expect(answer.isError).toBe(false)
    expect(answer.text).toMatch(
      /^Careful: alice\/field-notes is public, and this client read harbor\/infra, which is not public, 1 min ago\./,
    )
    expect(answer.text).toContain('Created alice/field-notes#')
    expect((await readAudit(stack.aegis)).at(-1)).toMatchObject({
      status: 'success',
      details: { private_to_public: { mode: 'warn', read: 'harbor/infra' } },
    })
  })

  test('is refused where the policy says block, and nothing is written', async () => {
    usePolicy('block', 30)
    await stack.call(alice, 'get_repository_info', PRIVATE)

    const answer = await write()

    expect(answer.isError).toBe(true)
    expect(answer.text).toContain('alice/field-notes is public, and this client read harbor/infra')
    expect((await stack.call(alice, 'list_issues', PUBLIC)).text).not.toContain(`Guarded ${titles}`)
    expect((await readAudit(stack.aegis)).at(-3)).toMatchObject({
      status: 'error',
      outcome: { code: 'forbidden' },
      details: { private_to_public: { mode: 'block' } },
    })
  })

  test('may go on where the policy says off', async () => {
    usePolicy('off')
    await stack.call(alice, 'get_repository_info', PRIVATE)

    expect((await write()).text).not.toContain('Careful')
  })

  test('may go on once the time is over', async () => {
    usePolicy('block', 30)
    await stack.call(alice, 'get_repository_info', PRIVATE)
    ahead += 31 * MINUTE

    expect((await write()).isError).toBe(false)
  })

  test('may write to the private one', async () => {
    usePolicy('block')
    await stack.call(alice, 'get_repository_info', PRIVATE)

    expect((await write(PRIVATE)).isError).toBe(false)
  })

  test('is one client of one person: another one is not warned', async () => {
    await stack.call(alice, 'get_repository_info', PRIVATE)
    alice = await stack.connect(undefined, { scope: 'write:repository' })

    expect((await write()).text).not.toContain('Careful')
  })

  test('is still known after a restart', async () => {
    await stack.call(alice, 'get_repository_info', PRIVATE)
    const accountId = await findAccount(alice)

    const reads = createRecentReads(stack.aegis.app.store, clock)

    const read = reads.list({ accountId, clientId: alice.clientId }, 0)
    expect(read.map(({ repository }) => repository)).toEqual(['harbor/infra'])
  })

  test('may have read it with a search across repositories', async () => {
    await gitea.addIssue({ owner: 'harbor', repo: 'infra', author: 'alice', title: 'Spare anchor' })
    await stack.call(alice, 'search_issues', {})

    expect((await write()).text).toMatch(/read \S+, which is not public/)
    expect((await readAudit(stack.aegis)).findLast((entry) => entry.tool === 'search_issues')).toMatchObject({
      outcome: { repositories: expect.arrayContaining(['harbor/infra']) },
    })
  })

  test('what was only public does not count', async () => {
    await stack.call(alice, 'get_repository_info', { owner: 'harbor', repo: 'booking' })

    expect((await write()).text).not.toContain('Careful')
  })

  test('a call that failed read nothing', async () => {
    await stack.call(alice, 'get_file_contents', { ...README, ref: 'no-such-branch' })

    expect((await write()).text).not.toContain('Careful')
  })

  test('a repository that has become private since it was read counts', async () => {
    await gitea.addRepository({ owner: 'alice', name: `passing-${titles}`, files: { a: 'a' } })
    const passing = { owner: 'alice', repo: `passing-${titles}` }
    await stack.call(alice, 'get_repository_info', passing)
    expect((await write()).text).not.toContain('Careful')

    // renamed: it cannot be asked about under the name that was read, so it is not known to be public
    await gitea.renameRepository('alice', passing.repo, `${passing.repo}-gone`)

    expect((await write()).text).toContain(`read ${passing.owner}/${passing.repo}, which is not public`)
  })
})

describe('an archived repository', () => {
  const attic = { owner: 'alice', repo: 'old-lighthouse' }
  beforeAll(() => gitea.addRepository({ owner: 'alice', name: attic.repo, files: { a: 'a' }, archived: true }))

  // Gitea itself would let some of them through: issues, labels and milestones change there
  test.each(CHANGES.map((tool) => [tool.name, tool] as const))('is not changed by %s', async (name, tool) => {
    // one tool is opened by its own name only
    writeFileSync(stack.aegis.policyPath, `${WRITES}tools: { allow: [${name}] }\n`)
    expect(stack.aegis.app.reloadPolicy()).toBe(true)

    const answer = await stack.call(alice, name, sampleArguments(tool, attic))

    expect(answer.isError).toBe(true)
    expect(answer.text).toBe('alice/old-lighthouse is archived in Gitea: it can be read, not changed.')
    const entries = await readAudit(stack.aegis)
    expect(entries.at(-1)).toMatchObject({ status: 'error', outcome: { code: 'forbidden', upstream_calls: 1 } })
  })
})

test('text arrives as the model wrote it, whatever it is', async () => {
  const body = '# Tide *table*\r\n\n- [ ] <b>high</b> &amp; low @bob #1\n\n```sh\nrm -rf \\\n```\n\u202eabc\u200b \t\n'
  const answer = await stack.call(alice, 'create_issue', { ...PUBLIC, title: 'Tide\ntable', body })

  const [, number] = /#(\d+)/.exec(answer.text) ?? []
  const token = await gitea.createToken('alice', ['read:issue', 'read:repository'])
  const response = await fetch(`${gitea.url}/api/v1/repos/alice/field-notes/issues/${number}`, {
    headers: { authorization: `token ${token}` },
  })
  expect(await response.json()).toMatchObject({ title: 'Tide table', body })
})

test('the log links to what a write made', async () => {
  const answer = await write()

  const [url] = /http\S+/.exec(answer.text) ?? []
  expect((await readAudit(stack.aegis)).at(-1)).toMatchObject({ outcome: { made: url } })
})

async function findAccount({ clientId }: Connection): Promise<string> {
  const seen = z.object({ actor: z.object({ account: z.string(), client: z.literal(clientId) }) })
  const entries = (await readAudit(stack.aegis)).map((entry) => seen.safeParse(entry).data)
  return entries.find((entry) => entry !== undefined)?.actor.account ?? ''
}
