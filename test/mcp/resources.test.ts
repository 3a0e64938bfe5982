import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkAudit, readAudit } from '../support/read-audit.js'
import { startGitea } from '../support/start-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'
import { createAsker, ERAS } from './story.js'
import { legacy, modern } from './wire.js'

const POLICY = `
defaults: { read: allow, write: deny }
repositories:
  harbor/infra:
    tools: { deny: [get_pull_request] }
    paths: { deny: [deploy/**] }
`

let stack: Stack
let askAs: ReturnType<typeof createAsker>

beforeAll(async () => {
  stack = await startStack(await startGitea(), { policy: POLICY })
  askAs = createAsker(stack, await stack.connect())
})
afterAll(async () => {
  await checkAudit(stack.aegis)
  await stack.close()
  await stack.gitea.close()
})

const textOf = ({ result }: { result: Record<string, unknown> }) => Object(result.contents)[0]?.text
const contentOf = ({ result }: { result: Record<string, unknown> }) => Object(result.content)

describe.each(ERAS)('resources under $era', ({ make }) => {
  const read = (uri: string, options = {}) => askAs(make, 'resources/read', { uri }, options)

  it('are told as templates, in a list that is the same every time; single ones are not listed', async () => {
    const { result } = await askAs(make, 'resources/templates/list')
    const templates = Object(result.resourceTemplates).map(({ uriTemplate }: { uriTemplate: string }) => uriTemplate)
    expect(templates.slice(0, 3)).toEqual([
      'gitea://{owner}/{repo}/file/{+path}{?ref}',
      'gitea://{owner}/{repo}/issue/{number}',
      'gitea://{owner}/{repo}/pull/{number}',
    ])
    expect((await askAs(make, 'resources/list')).result.resources).toEqual([])
  })

  it.each([
    ['gitea://harbor/booking/file/README.md', 'get_file_contents', { filepath: 'README.md' }],
    ['gitea://harbor/booking/file/README.md?ref=main', 'get_file_contents', { filepath: 'README.md', ref: 'main' }],
    ['gitea://harbor/booking/issue/1', 'get_issue', { issue_number: 1 }],
  ])('%s says what the tool says, through the same gate', async (uri, tool, args) => {
    const before = (await readAudit(stack.aegis)).length
    const answer = await read(uri)
    const rows = (await readAudit(stack.aegis)).slice(before)
    const same = await askAs(make, 'tools/call', {
      name: tool,
      arguments: { owner: 'harbor', repo: 'booking', ...args },
    })

    expect(answer.result.contents).toMatchObject([{ uri, mimeType: 'text/plain' }])
    // the marks around what others wrote are new each time
    const plain = (text: string) => text.replace(/[0-9a-f]{8,}/g, '')
    expect(plain(textOf(answer))).toBe(plain(contentOf(same)[0].text))
    expect(rows.map(({ type, status, tool: name, via }) => ({ type, status, name, via }))).toEqual([
      { type: 'tool_invocation', status: 'pending', name: tool, via: 'mcp' },
      { type: 'tool_invocation', status: 'success', name: tool, via: 'mcp' },
    ])
  })

  it('that Gitea does not have are not found, which MCP tells by the address alone', async () => {
    for (const uri of ['gitea://harbor/booking/issue/99999', 'gitea://harbor/nowhere/file/README.md', 'other://1']) {
      expect(await read(uri)).toMatchObject({ status: 200, error: { code: -32602, data: { uri } } })
    }
  })

  it('that the policy closes are refused with its reason, and the refusal is recorded', async () => {
    const before = (await readAudit(stack.aegis)).length
    const closed = 'gitea://harbor/infra/file/deploy/production.env'
    const { error } = await read(closed)

    expect(error).toMatchObject({ code: -32602, data: { uri: closed, reason: 'policy' } })
    expect(error?.message).toContain('The policy does not show deploy/production.env')
    expect((await readAudit(stack.aegis)).slice(before)).toMatchObject([
      { type: 'access_denied', tool: 'get_file_contents' },
    ])
    expect((await read('gitea://harbor/infra/pull/1')).error).toMatchObject({ data: { reason: 'policy' } })
  })

  it('have no second spelling', async () => {
    for (const uri of ['gitea://harbor/booking/file/x/../README.md', 'gitea://harbor/booking/file/README%2Emd']) {
      const { error } = await read(uri)
      expect(error?.code).toBe(-32602)
      expect(error?.message).toContain('gitea://{owner}/{repo}/file/{+path}{?ref}')
    }
  })

  it('are left out with the tools that read them', async () => {
    const query = 'toolsets=issues'
    const { result } = await askAs(make, 'resources/templates/list', {}, { query })
    expect(Object(result.resourceTemplates).map(({ name }: { name: string }) => name)).toEqual(['issue'])
    const { error } = await read('gitea://harbor/booking/file/README.md', { query })
    expect(error).toMatchObject({ code: -32602, data: { reason: 'narrowed' } })
    expect(error?.message).toContain('toolsets=issues in the address of this connection')
  })
})

describe('links in answers', () => {
  const call = (make: typeof modern | typeof legacy, name: string, args: Record<string, unknown>, version?: string) =>
    askAs(
      make,
      'tools/call',
      { name, arguments: { owner: 'harbor', repo: 'booking', ...args } },
      version === undefined ? {} : { headers: { 'mcp-protocol-version': version } },
    )

  it.each([
    ['get_issue', { issue_number: 1 }, 'gitea://harbor/booking/issue/1', 'harbor/booking#1'],
    [
      'get_file_contents',
      { filepath: 'README.md', ref: 'main' },
      'gitea://harbor/booking/file/README.md?ref=main',
      'README.md',
    ],
  ])('of %s lead to the same thing', async (name, args, uri, linkName) => {
    for (const make of [modern, legacy]) {
      const [text, link, ...more] = contentOf(await call(make, name, args))
      expect(text.type).toBe('text')
      expect(link).toEqual({ type: 'resource_link', uri, name: linkName, annotations: { audience: ['user'] } })
      expect(more).toEqual([])
      expect((await askAs(make, 'resources/read', { uri })).error).toBeUndefined()
    }
  })

  it('come with the whole of one thing only: not with its further parts, not with lists, not with refusals', async () => {
    for (const [name, args] of [
      ['get_file_contents', { filepath: 'README.md', start_line: 2 }],
      ['list_issues', {}],
      ['get_issue', { issue_number: 99999 }],
    ] as const) {
      expect(contentOf(await call(modern, name, args))).toHaveLength(1)
    }
  })

  it('are kept from clients of a revision that does not know them', async () => {
    expect(contentOf(await call(legacy, 'get_issue', { issue_number: 1 }, '2025-06-18'))).toHaveLength(2)
    expect(contentOf(await call(legacy, 'get_issue', { issue_number: 1 }, '2025-03-26'))).toHaveLength(1)
  })
})
