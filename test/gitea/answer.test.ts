import { inspect } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FRESH, failureOf, getRepository, type ScriptedGitea, startScriptedGitea, TOKEN } from './scripted-client.js'
import { answerJson } from './scripted-server.js'

let gitea: ScriptedGitea

beforeAll(async () => {
  gitea = await startScriptedGitea()
})

afterAll(() => gitea.close())

test.each([
  ['cut-off JSON', 'application/json', '{"name":"we', "Gitea's answer is cut off or damaged."],
  ['a login page', 'text/html; charset=utf-8', '<!DOCTYPE html><title>Sign in', 'is a web page, not the API of Gitea'],
  ['a page called JSON', 'application/json', '<html>', 'is a web page, not the API of Gitea'],
])('%s is a fault of what answered', async (_what, type, body, message) => {
  gitea.server.script((res) => res.writeHead(200, { 'content-type': type }).end(body))

  const failure = await failureOf(gitea.client().request('getRepository', getRepository))

  expect(failure).toMatchObject({ code: 'upstream_failed', message: expect.stringContaining(message) })
})

const said = (message: string) => JSON.stringify({ message, url: 'https://gitea.example/api/swagger' })
const scopeText =
  'token does not have at least one of required scope(s), required=[read:user read:issue], token scope=read:repository'

test.each([
  [400, said('sha not found [x]'), { code: 'invalid_input' }],
  [403, said(scopeText), { rule: 'gitea.scope', message: expect.stringContaining('read:user read:issue') }],
  [403, said('token scope is limited to public repos'), { rule: 'gitea.scope' }],
  [403, said('This account is prohibited from signing in, please contact …'), { rule: 'gitea.account' }],
  [403, said('You must change your password. Change it at: …'), { rule: 'gitea.account' }],
  [403, said('user is blocked'), { rule: 'gitea.permission' }],
  [403, '', { rule: 'gitea.permission' }],
  [404, '{"errors":null,"message":"GetContentsOrList"}\nnull\n', { code: 'not_found' }],
  [404, 'null\n', { code: 'not_found' }],
  [404, '404 page not found\n', { code: 'not_found' }],
  [409, said('Git Repository is empty.'), { code: 'conflict' }],
  [412, said('cannot close this issue'), { code: 'invalid_input' }],
  [422, said('[Title]: Required'), { code: 'invalid_input' }],
  [423, said('alice/attic is archived'), { code: 'forbidden', rule: 'gitea.archived' }],
  [429, '', { code: 'rate_limited', retryAfterMs: 1000 }],
  [500, said(''), { code: 'upstream_failed', message: expect.stringContaining('request id req-7') }],
  [502, '<html><h1>Bad gateway', { code: 'upstream_failed' }],
])('HTTP %i with %j becomes an error in our own words', async (status, body, expected) => {
  gitea.server.script((res) => answerJson(res, body, status))

  const failure = await failureOf(gitea.client().request('getRepository', getRepository))

  expect(failure).toMatchObject(expected)
  const upstream = body.startsWith('{') ? String(JSON.parse(body.split('\n')[0] ?? '').message) : body.trim()
  if (upstream.length > 4) {
    expect(failure.message).not.toContain(upstream)
    expect(failure.detail).toContain(upstream)
  }
})

test.each([301, 307])('a rename (HTTP %i) is not followed: policy was decided for the old name', async (status) => {
  gitea.server.script((res) => res.writeHead(status, { location: '/git/api/v1/repos/acme/other' }).end())

  await expect(gitea.client().request('getRepository', getRepository)).rejects.toMatchObject({
    code: 'not_found',
    message: 'There is no repository acme/web, or this person may not see it.',
    to: { owner: 'acme', repo: 'other' },
  })
  expect(gitea.server.seen).toHaveLength(1)
})

test.each([
  ['an error message', 403, 'application/json', (echo: string) => said(`header was ${echo}`)],
  ['a proxy page', 502, 'text/html', (echo: string) => `<html>${echo}`],
  ['a page in place of JSON', 200, 'text/html', (echo: string) => `<html>${echo}`],
  ['damaged JSON', 200, 'application/json', (echo: string) => `${echo}{`],
  ['the second refusal', 401, 'application/json', (echo: string) => said(echo)],
])('the token is nowhere in an error, even when %s echoes it', async (_what, status, type, toBody) => {
  gitea.server.script((res, { headers }) =>
    res.writeHead(status, { 'content-type': type }).end(toBody(String(headers.authorization))),
  )

  const failure = await failureOf(gitea.client().request('getRepository', getRepository))

  expect(failure.message).not.toBe('it did not fail')
  const everything = inspect(failure, { depth: 10, showHidden: true }) + failure.stack
  expect(everything).not.toContain(TOKEN)
  expect(everything).not.toContain(FRESH)
})
