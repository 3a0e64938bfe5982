import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { DAY } from '../../src/lib/units.js'
import type { Person } from '../support/connect-client.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { bearer, callDirectly } from '../support/make-key.js'
import { callTool } from '../support/mcp-call.js'
import { checkAudit } from '../support/read-audit.js'
import { seedPeople } from '../support/seed-gitea.js'
import { sendToGitea } from '../support/send-to-gitea.js'
import { openSse } from '../support/sse-client.js'
import { startGitea } from '../support/start-gitea.js'
import { openWaysIn, type WayIn, type WaysIn } from '../support/ways-in.js'

/*
 * Every way in × every state of a token, a person and a repository × every door. One word for how it ends, and the same
 * word at each door.
 */

const { alice, bob, mallory, admin } = seedPeople
const carl: Person = { login: 'carl', password: 'carl-passw0rd' }
const WAYS = [
  'signing in',
  'signing in, service token of a site administrator',
  'signing in, service token of an owner',
  'a key on the sign-in kept here',
  'a key, service token of a site administrator',
  'a key, service token of an owner',
  'another provider’s token, service token of a site administrator',
  'a token of Gitea itself',
] as const
/** Their tokens are known here or nowhere: there is none that names another server. */
const OWN = new Set<string>(WAYS.slice(0, 6))
/** Nobody but its issuer ends such a token before its time. */
const ISSUED_ELSEWHERE = 'another provider’s token, service token of a site administrator'

let gitea: GiteaUnderTest
let ways: WaysIn

beforeAll(async () => {
  gitea = await startGitea()
  await gitea.addUser(carl)
  await gitea.addRepository({ owner: 'harbor', name: 'museum', private: false, files: { 'README.md': '# Museum\n' } })
  await gitea.addIssue({ owner: 'harbor', repo: 'museum', author: bob.login, title: 'Old' })
  await sendToGitea(gitea, bob.login, 'PATCH', '/repos/harbor/museum', { archived: true })
  ways = await openWaysIn(gitea, [alice, mallory, admin, carl])
}, 120_000)

afterEach(async () => {
  ways.setAhead(0)
  await gitea.setUserState(carl.login, { prohibitLogin: false })
})

afterAll(async () => {
  for (const stack of new Set(ways.all.map((way) => way.stack))) await checkAudit(stack.aegis)
  await ways.close()
  await gitea.close()
})

type End = 'done' | 'unauthenticated' | 'insufficient_scope' | 'refused'
type Args = Readonly<Record<string, unknown>>

async function callByMcp({ stack }: WayIn, token: string, tool: string, args: Args): Promise<End> {
  const answer = await callTool(stack.url, token, tool, args)
  if (answer.status === 401) return 'unauthenticated'
  if (answer.status === 403) {
    return /insufficient_scope/.test(answer.headers.get('www-authenticate') ?? '') ? 'insufficient_scope' : 'refused'
  }
  return answer.isError || answer.body.error !== undefined ? 'refused' : 'done'
}

async function callByDirect({ stack }: WayIn, token: string, tool: string, args: Args): Promise<End> {
  const { status, body } = await callDirectly(`${stack.url}/mcp/tool/call`, tool, args, bearer(token))
  if (status === 401) return 'unauthenticated'
  if (body.error_code === 'insufficient_scope') return 'insufficient_scope'
  return status === 200 ? 'done' : 'refused'
}

async function callBySse({ stack }: WayIn, token: string, tool: string, args: Args): Promise<End> {
  const stream = await openSse(stack.url, token).catch((error: Error) => error.message)
  if (typeof stream === 'string') return stream.endsWith('401') ? 'unauthenticated' : 'refused'
  const answer = await stream
    .ask('tools/call', { name: tool, arguments: args })
    .catch((error: Error) => ({ error: { message: error.message } }))
  stream.close()
  const text = JSON.stringify(answer)
  if (/not taken: 401|invalid_token/.test(text)) return 'unauthenticated'
  if (/insufficient_scope/.test(text)) return 'insufficient_scope'
  return /"isError":true|"error"/.test(text) ? 'refused' : 'done'
}

const doors = { mcp: callByMcp, direct: callByDirect, sse: callBySse }

/** The one word, or what each door said where they differ. */
async function call(way: WayIn, token: string, tool: string, args: Args): Promise<unknown> {
  const ends: Record<string, End> = {}
  for (const [door, knock] of Object.entries(doors)) ends[door] = await knock(way, token, tool, args)
  const words = new Set(Object.values(ends))
  return words.size === 1 ? ends.mcp : ends
}

const readme = (owner: string, repo: string) => ['get_file_contents', { owner, repo, filepath: 'README.md' }] as const
const READ = readme('harbor', 'booking')

function find(name: string): WayIn {
  const found = ways.all.find((way) => way.name === name)
  if (found === undefined) throw new Error(`no way ${name}`)
  return found
}

test('the table has a row for every way there is', () => {
  expect(ways.all.map(({ name }) => name)).toEqual(WAYS)
  const revocable = ways.all.filter((way) => way.obtainRevocable !== undefined).map(({ name }) => name)
  expect(revocable).toEqual(WAYS.filter((name) => name !== ISSUED_ELSEWHERE))
  const elsewhere = ways.all.filter((way) => way.obtainElsewhere !== undefined).map(({ name }) => name)
  expect(elsewhere).toEqual(WAYS.filter((name) => !OWN.has(name)))
})

describe.each(WAYS)('%s', (name) => {
  test('a good token reads, and what the team of the person lets them read', async () => {
    const way = find(name)
    const token = await way.obtain(alice, 'read')

    expect(await call(way, token, ...READ)).toBe('done')
    expect(await call(way, token, ...readme('harbor', 'infra'))).toBe('done')
  })

  test('a token past its time is told so', async () => {
    const way = find(name)
    const token = await way.obtain(alice, 'read')

    ways.setAhead(DAY)
    expect(await call(way, token, ...READ)).toBe('unauthenticated')
  })

  test('a token for reading does not write', async () => {
    const way = find(name)
    const args = { owner: 'harbor', repo: 'booking', title: 'Lantern' }

    expect(await call(way, await way.obtain(alice, 'read'), 'create_issue', args)).toBe('insufficient_scope')
  })

  test('a person without a right on a repository finds none', async () => {
    const way = find(name)

    expect(await call(way, await way.obtain(mallory, 'read'), ...readme('harbor', 'infra'))).toBe('refused')
  })

  test('a site administrator reads what Gitea lets them read', async () => {
    const way = find(name)

    expect(await call(way, await way.obtain(admin, 'read'), ...readme('harbor', 'infra'))).toBe('done')
  })

  test('a disabled person is nobody', async () => {
    const way = find(name)
    const token = await way.obtain(carl, 'read')
    await gitea.setUserState(carl.login, { prohibitLogin: true })

    expect(await call(way, token, ...READ)).toBe('refused')
  })

  test('an archived repository is read and not written', async () => {
    const way = find(name)
    const token = await way.obtain(bob, 'write')
    const args = { owner: 'harbor', repo: 'museum', issue_number: 1, body: 'Still here.' }

    expect(await call(way, token, ...readme('harbor', 'museum'))).toBe('done')
    expect(await call(way, token, 'create_issue_comment', args)).toBe('refused')
  })
})

describe.each(WAYS.filter((name) => name !== ISSUED_ELSEWHERE))('%s', (name) => {
  test('a revoked token ends with the next call', async () => {
    const way = find(name)
    const { token, revoke } = (await way.obtainRevocable?.(alice)) ?? { token: '', revoke: async () => {} }
    expect(await call(way, token, ...READ)).toBe('done')

    await revoke()
    expect(await call(way, token, ...READ)).toBe('unauthenticated')
  })
})

describe.each(WAYS.filter((name) => !OWN.has(name)))('%s', (name) => {
  test('a token for another server is refused', async () => {
    const way = find(name)
    const token = (await way.obtainElsewhere?.(alice)) ?? (await way.obtain(alice, 'read'))

    expect(await call(way, token, ...READ)).toBe('unauthenticated')
  })
})
