import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { callTool, sendMcp } from '../support/mcp-call.js'
import { checkAudit, readAudit } from '../support/read-audit.js'
import { sdkClients } from '../support/sdk-clients.js'
import { seedPeople } from '../support/seed-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

const QUERY = 'toolsets=issues,pulls&readonly=1'

let stack: Stack

beforeAll(async () => {
  stack = await startStack(await startGitea(), {
    policy: 'defaults: { read: allow, write: allow }\n',
    settings: {
      WRITE_MODE: 'true',
      WRITE_ALLOW_ALL_TOKEN_REPOS: 'true',
      TOOLSETS: 'issues, pulls, repositories, people',
    },
  })
})
afterAll(async () => {
  await checkAudit(stack.aegis)
  await stack.close()
  await stack.gitea.close()
})

describe('a connector whose address leaves tools out', () => {
  test.each(sdkClients)('$name signs in with it and has what is left', async ({ signInAndCall }) => {
    const call = { name: 'get_issue', arguments: { owner: 'harbor', repo: 'booking', issue_number: 1 } }
    const outcome = await signInAndCall(`${stack.url}/mcp?${QUERY}`, seedPeople.alice, call)

    expect(outcome).toMatchObject({ isError: false, text: expect.stringContaining('harbor/booking#1') })
    expect(outcome.toolNames).toContain('get_pull_request')
    for (const name of ['get_me', 'list_branches', 'create_issue', 'get_file_contents']) {
      expect(outcome.toolNames).not.toContain(name)
    }
  })

  test('is challenged as the one resource there is', async () => {
    for (const query of ['', `?${QUERY}`]) {
      const challenged = await fetch(`${stack.url}/mcp${query}`, { method: 'POST' })
      expect(challenged.status).toBe(401)
      expect(challenged.headers.get('www-authenticate')).toContain(
        `resource_metadata="${stack.url}/.well-known/oauth-protected-resource/mcp"`,
      )
      const metadata = await fetch(`${stack.url}/.well-known/oauth-protected-resource/mcp${query}`)
      expect(await metadata.json()).toMatchObject({ resource: `${stack.url}/mcp` })
    }
  })

  test('has a token that is good for the whole: each request says for itself what it leaves out', async () => {
    const { accessToken } = await stack.connect()
    const narrowed = { headers: { 'x-mcp-tools': 'get_issue' } }
    const open = await callTool(stack.url, accessToken, 'get_me')
    const closed = await callTool(stack.url, accessToken, 'get_me', {}, narrowed)

    expect(open.isError).toBe(false)
    expect(closed.text).toContain('get_me is left out by X-MCP-Tools=get_issue in the headers of this connection')
    expect((await readAudit(stack.aegis)).at(-1)).toMatchObject({
      type: 'access_denied',
      tool: 'get_me',
      decision: { effect: 'deny', rule: 'narrowing.tools' },
    })
  })
})

describe('the setting TOOLSETS', () => {
  test('leaves tools out for everyone, and no address brings them back', async () => {
    const { accessToken: token } = await stack.connect()
    const headers = { 'x-mcp-toolsets': 'all' }
    const { body } = await sendMcp(stack.url, 'tools/list', {}, { token, headers })
    const names = body.result?.tools?.map(({ name }) => name)
    const answer = await callTool(
      stack.url,
      token,
      'get_file_contents',
      { owner: 'harbor', repo: 'booking', filepath: 'README.md' },
      { headers },
    )

    expect(names).toContain('list_branches')
    expect(names).not.toContain('get_file_contents')
    expect(answer.text).toContain(
      'left out by TOOLSETS=issues,pulls,repositories,people in the settings of this server',
    )
  })

  test('that names a group there is not keeps the server from starting', async () => {
    await expect(startStack(stack.gitea, { settings: { TOOLSETS: 'issues,code' } })).rejects.toThrow(
      'TOOLSETS in the settings of this server names “code”, which is no toolset.',
    )
  })
})
