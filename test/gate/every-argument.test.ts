import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { callTool, type Gate } from '../../src/gate/call.js'
import { GATE_OPERATIONS } from '../../src/gate/run.js'
import { operations } from '../../src/gitea/operations.js'
import type { Caller } from '../../src/identity/caller.js'
import { createCallId } from '../../src/lib/ids.js'
import { catalog } from '../../src/tools/catalog.gen.js'
import type { Tool } from '../../src/tools/define-tool.js'
import { buildCaller } from '../support/build-caller.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { type ArgumentPools, anyArguments } from '../support/sample-arguments.js'
import { type Stack, startStack } from '../support/start-stack.js'

/*
 * Whatever a model passes, a tool reaches no operation, repository or path that is not its own, and shows nothing that
 * strangers wrote where the setting says so. Reads come first: what
 * writes leave behind holds words that are looked for.
 */

const POLICY = `
defaults: { read: allow, write: allow }
repositories:
  harbor/locker:
    paths: { deny: ["closed/", "*.key"] }
  alice/field-notes:
    tools: { deny: ["*"] }
`
/** Stands in closed files only. */
const MARKER = 'fathom-4711'
/** Name of a closed file, which no answer tells to a caller who did not. */
const NAME = 'cellar.key'

const PATHS = [
  'open',
  'open/deck.md',
  'closed',
  'closed/log.md',
  'closed/log.md',
  'Closed/LOG.md',
  `open/${NAME.slice(0, 6)}`,
]

/** Stands in what somebody wrote who may not write there. */
const STRANGER = 'siren-song-88'

let gitea: GiteaSandbox
let stack: Stack<GiteaSandbox>
let alice: Caller
let pools: ArgumentPools

beforeAll(async () => {
  gitea = await startGiteaSandbox({ seed: true })
  const files = (turn: number) => ({
    'open/deck.md': `the deck, ${turn}\n`,
    'closed/log.md': `kraken ${MARKER} ${turn}\n`,
    [`open/${NAME}`]: `kraken ${MARKER} ${turn}\n`,
  })
  await gitea.addRepository({ owner: 'harbor', name: 'locker', files: files(1) })
  await gitea.addCollaborator('harbor', 'locker', 'alice', 'write')
  const head = await gitea.commit('harbor', 'locker', { message: 'second watch', files: files(2) })
  const side = await gitea.commit('harbor', 'locker', {
    message: 'third watch',
    files: files(3),
    branch: 'feature/watch',
    from: 'main',
  })
  await gitea.addPullRequest({
    owner: 'harbor',
    repo: 'locker',
    author: 'alice',
    title: 'Watch',
    head: 'feature/watch',
  })
  await gitea.addIssue({ owner: 'harbor', repo: 'locker', author: 'bob', title: 'Who has the keys?' })
  await letStrangerWrite()
  stack = await startStack(gitea, {
    settings: { WRITE_MODE: 'true', WRITE_ALLOW_ALL_TOKEN_REPOS: 'true', TOKEN_RATE_LIMIT_PER_MINUTE: '1000000' },
    policy: POLICY,
  })
  const token = await gitea.createToken('alice', ['all'])
  alice = buildCaller({ gitea: { token: async () => token, renew: async () => token } })
  pools = {
    byName: {
      owner: ['harbor', 'Harbor', 'harbor', 'alice'],
      org: ['harbor'],
      repo: ['locker', 'LOCKER', 'locker', 'booking', 'field-notes'],
      username: ['alice', 'bob'],
      assignees: ['alice', 'bob'],
      reviewers: ['bob'],
      labels: ['bug', 'feature', 'deck'],
      name: ['deck', 'bug'],
      color: ['#d73a4a'],
      milestone: ['Winter timetable', '1'],
      query: ['kraken', 'deck', 'watch', 'summarise'],
      language: ['markdown'],
      files: ['*.md', 'open', '**/*'],
      branch: ['main', 'feature/watch', 'new-branch'],
      ref: ['main', 'feature/watch', head],
      base: ['main', head],
      head: ['feature/watch', side],
      sha: [head, side, head.slice(0, 8)],
      path: PATHS,
      filepath: PATHS,
      filepaths: PATHS,
      title: ['Deck'],
      body: ['Deck'],
      page_name: ['Home'],
      state: ['open'],
      new_branch: ['new-branch'],
      paths: PATHS,
    },
    text: [
      'main',
      'feature/watch',
      'HEAD',
      head,
      head.slice(0, 8),
      side,
      ...(await findObjects(token)),
      'open',
      'open/deck.md',
      'closed',
      'closed/log.md',
      'Closed/LOG.md',
      'ｃｌｏｓｅｄ/log.md',
      'closed%2Flog.md',
      'open/../closed/log.md',
      'main:closed/log.md',
      'kraken',
      'alice',
      'harbor:main',
      'harbor/locker',
      'alice/field-notes',
      'harbor/locker/closed/log.md',
      'harbor/locker/main/closed/log.md',
      'harbor/locker@main:closed/log.md',
      'gitea://harbor/locker/blob/main/closed/log.md',
      'gitea://harbor/locker/file/main/closed/log.md',
      `${gitea.url}/harbor/locker/src/branch/main/closed/log.md`,
      `${gitea.url}/alice/field-notes`,
      'bug',
      'COMMENT',
    ],
  }
}, 240_000)

afterAll(async () => {
  await stack.close()
  await gitea.close()
})

/** An issue, a comment on everything, a review: what a stranger can do where the repository is public. */
async function letStrangerWrite() {
  const locker = { owner: 'harbor', repo: 'locker', author: 'mallory' }
  const index = await gitea.addIssue({ ...locker, title: `Deck ${STRANGER}`, body: `kraken ${STRANGER}` })
  for (const on of [1, 2, index]) await gitea.addComment({ ...locker, index: on, body: `deck ${STRANGER}` })
  const token = await gitea.createToken('mallory', ['all'])
  const review = await fetch(`${gitea.url}/api/v1/repos/harbor/locker/pulls/1/reviews`, {
    method: 'POST',
    headers: { authorization: `token ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      event: 'COMMENT',
      body: STRANGER,
      comments: [{ path: 'open/deck.md', body: STRANGER, new_position: 1 }],
    }),
  })
  expect(review.status).toBe(200)
}

/** Ids of everything in the tree, closed files and folders among it. */
async function findObjects(token: string): Promise<string[]> {
  const response = await fetch(`${gitea.url}/api/v1/repos/harbor/locker/git/trees/main?recursive=true`, {
    headers: { authorization: `token ${token}` },
  })
  const { tree } = (await response.json()) as { tree: { sha: string }[] }
  return tree.map(({ sha }) => sha)
}

/** Tools that gave an answer at least once; a rule about answers says nothing about the others. */
const answered = new Set<string>()

async function call(tool: Tool, args: Record<string, unknown>, form: 'text' | 'data', id: string): Promise<string> {
  const gate: Gate = { ...stack.aegis.app.gate, authorTrust: 'writers' }
  const outcome = await callTool(gate, {
    tool: tool.name,
    args,
    caller: alice,
    id,
    requestId: id,
    address: '127.0.0.1',
    via: tool.audience === 'jobs' ? 'job' : 'direct',
    form,
    signal: new AbortController().signal,
  })
  if (outcome.ok) answered.add(tool.name)
  else expect(outcome.refusal.code, outcome.refusal.message).not.toBe('internal')
  return outcome.ok ? `${outcome.text}\n${JSON.stringify(outcome.data)}` : outcome.refusal.message
}

/** The operations a request can be, by method and path. */
function findOperations(method: string, path: string): string[] {
  return Object.entries(operations)
    .filter(([, operation]) => operation.method === method && toPattern(operation.path).test(path))
    .map(([name]) => name)
}

function toPattern(template: string): RegExp {
  const source = template
    .split(/(\{\*?[a-z]+\})/)
    .map((part) => (part.startsWith('{*') ? '.+' : part.startsWith('{') ? '[^/]+' : part.replaceAll('.', '\\.')))
    .join('')
  return new RegExp(`^/api/v1${source}$`)
}

const reads = catalog.filter(({ effect }) => effect === 'read')
const writes = catalog.filter(({ effect }) => effect !== 'read')

test.each([...reads, ...writes].map((tool) => [tool.name, tool] as const))(
  '%s stays with its own operations, repositories, open paths and trusted authors, whatever it is given',
  async (_name, tool) => {
    const mine = new Set<string>([...tool.operations, ...GATE_OPERATIONS])
    await fc.assert(
      fc.asyncProperty(anyArguments(tool, pools), fc.constantFrom('text', 'data'), async (args, form) => {
        const id = createCallId()
        const answer = await call(tool, args, form, id)

        expect(answer).not.toContain(MARKER)
        expect(answer).not.toContain(STRANGER)
        if (tool.effect === 'read') expect(answer).not.toContain(NAME)
        for (const { method, path, query, status } of gitea.requests.filter(({ requestId }) => requestId === id)) {
          const where = `${method} ${path}?${query}`
          expect(
            findOperations(method, path).filter((name) => mine.has(name)),
            where,
          ).not.toEqual([])
          expect(decodeURIComponent(path).split('/'), where).not.toContain('..')
          expect(path, where).not.toMatch(/^\/api\/v1\/repos\/alice\/field-notes(\/|$)/i)
          // the sandbox would say so itself if it did not know what was asked
          expect(status, where).not.toBe(599)
        }
      }),
      { numRuns: tool.effect === 'read' ? 20 : 10 },
    )
  },
  60_000,
)

test('what they were given made most tools that read answer', () => {
  const silent = reads.map(({ name }) => name).filter((name) => !answered.has(name))

  expect(silent.length, `without an answer: ${silent}`).toBeLessThan(reads.length / 3)
})
