import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkAudit, readAudit } from '../support/read-audit.js'
import { startGitea } from '../support/start-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'
import { type AskOptions, createAsker, ERAS } from './story.js'
import { modern } from './wire.js'

let stack: Stack
let askAs: ReturnType<typeof createAsker>

beforeAll(async () => {
  stack = await startStack(await startGitea(), {
    policy: 'defaults: { read: allow, write: deny }\nrepositories: { alice/scratch: { tools: { deny: ["*"] } } }\n',
  })
  askAs = createAsker(stack, await stack.connect())
})
afterAll(async () => {
  await checkAudit(stack.aegis)
  await stack.close()
  await stack.gitea.close()
})

const FILE = { type: 'ref/resource', uri: 'gitea://{owner}/{repo}/file/{+path}{?ref}' }
const PULL = { type: 'ref/resource', uri: 'gitea://{owner}/{repo}/pull/{number}' }
const ISSUE = { type: 'ref/prompt', name: 'triage_issue' }
const BOOKING = { arguments: { owner: 'harbor', repo: 'booking' } }

describe.each(ERAS)('completions under $era', ({ make }) => {
  const propose = async (ref: object, name: string, value: string, context?: object, options?: AskOptions) => {
    const { result } = await askAs(
      make,
      'completion/complete',
      { ref, argument: { name, value }, ...(context && { context }) },
      options,
    )
    return Object(result.completion)
  }

  it('propose owners and repositories that the person has', async () => {
    expect((await propose(FILE, 'owner', '')).values.sort()).toEqual(['alice', 'harbor'])
    expect((await propose(FILE, 'owner', 'HAR')).values).toEqual(['harbor'])
    expect((await propose(FILE, 'repo', '', { arguments: { owner: 'harbor' } })).values.sort()).toEqual([
      'booking',
      'infra',
    ])
    expect(await propose(FILE, 'repo', 'boo')).toEqual({ values: ['booking'], total: 1, hasMore: false })
  })

  it('propose branches, labels and numbers of the repository that was named', async () => {
    expect((await propose(FILE, 'ref', 'ma', BOOKING)).values).toEqual(['main'])
    expect((await propose(ISSUE, 'label', 'b', BOOKING)).values).toEqual(['bug'])
    const issues = (await propose(ISSUE, 'number', '', BOOKING)).values
    const pulls = (await propose(PULL, 'number', '', BOOKING)).values
    expect(issues.length).toBeGreaterThan(1)
    expect(pulls.length).toBeGreaterThan(0)
    expect(issues.filter((number: string) => pulls.includes(number))).toEqual([])
  })

  it('propose nothing for what they do not know, or do not know yet', async () => {
    const nothing = { values: [], total: 0, hasMore: false }
    expect(await propose(FILE, 'path', 'src/')).toEqual(nothing)
    expect(await propose(FILE, 'ref', 'm')).toEqual(nothing)
    expect(await propose(ISSUE, 'colour', 'r', BOOKING)).toEqual(nothing)
    expect(await propose(FILE, 'ref', '', { arguments: { owner: 'harbor', repo: 'nowhere' } })).toEqual(nothing)
    expect(await propose(FILE, 'ref', '', { arguments: { owner: '../x', repo: 'y' } })).toEqual(nothing)
  })

  it('propose nothing that policy or the connection leaves out', async () => {
    expect((await propose(FILE, 'repo', '', { arguments: { owner: 'alice' } })).values).not.toContain('scratch')
    expect((await propose(FILE, 'ref', 'ma', BOOKING, { query: 'toolsets=files' })).values).toEqual([])
  })
})

it('each is a call of a list tool in the log', async () => {
  const before = (await readAudit(stack.aegis)).length
  await askAs(modern, 'completion/complete', { ref: FILE, argument: { name: 'ref', value: 'm' }, context: BOOKING })
  const rows = (await readAudit(stack.aegis)).slice(before)
  expect(rows).toMatchObject([
    { type: 'tool_invocation', status: 'pending', tool: 'list_branches', target: { repository: 'harbor/booking' } },
    { type: 'tool_invocation', status: 'success', tool: 'list_branches' },
  ])
})
