import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { HookPlace } from '../../src/gitea/hook-place.js'
import { createHookClient, HOOK_EVENTS } from '../../src/gitea/hooks.js'
import { Secret } from '../../src/lib/secret.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { readRecorded, sign } from '../webhooks/deliver.js'

interface Received {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  readonly body: Record<string, unknown>
}

let gitea: GiteaSandbox
let received: Received[]
let url: string
let status: number
let token: string
let stop: () => void

const place: HookPlace = { kind: 'repository', owner: 'harbor', repo: 'booking' }
const booking = { owner: 'harbor', repo: 'booking' }
const secret = new Secret('a-secret-of-the-hook')

beforeEach(async () => {
  gitea = await startGiteaSandbox({ seed: true, allowsLoopbackHooks: true })
  token = await gitea.createToken('bob', ['all'])
  received = []
  status = 200
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8')
    })
    request.on('end', () => {
      received.push({ headers: request.headers, text, body: JSON.parse(text) })
      response.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  stop = () => server.close()
})
afterEach(async () => {
  stop()
  await gitea.close()
})

const hooks = () => createHookClient({ giteaUrl: gitea.url, token: new Secret(token) })
const install = (events: readonly string[] = HOOK_EVENTS) =>
  hooks().create(place, { url, events, isActive: true, secret })

async function send(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const headers = { authorization: `token ${token}`, 'content-type': 'application/json' }
  const init = body === undefined ? {} : { body: JSON.stringify(body) }
  const response = await fetch(`${gitea.url}/api/v1/repos/harbor/booking${path}`, { method, headers, ...init })
  const text = await response.text()
  return text.trim() === '' ? {} : Object(JSON.parse(text))
}

async function take(): Promise<Received[]> {
  await gitea.deliveriesSent()
  return received.splice(0)
}

const typeOf = ({ headers, body }: Received) => {
  const action = typeof body.action === 'string' ? `.${body.action}` : ''
  return `${String(headers['x-gitea-event-type'])}${action}`
}

/** Names of fields and kinds of values, all the way down; of a list its first item. */
function toShape(value: unknown, depth = 3): unknown {
  if (Array.isArray(value)) return []
  if (typeof value !== 'object' || value === null) return typeof value === 'object' ? 'anything' : typeof value
  if (depth === 0) return {}
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, toShape(inner, depth - 1)]),
  )
}

/** Kinds agree where both have a value: what is null in one may be anything in the other. */
function expectShape(sent: unknown, recorded: unknown, at = ''): void {
  if (sent === 'anything' || recorded === 'anything') return
  if (typeof sent === 'object' && typeof recorded === 'object' && sent !== null && recorded !== null) {
    expect(Object.keys(sent), at).toEqual(Object.keys(recorded))
    const others = new Map<string, unknown>(Object.entries(recorded))
    for (const [name, inner] of Object.entries(sent)) expectShape(inner, others.get(name), `${at}.${name}`)
    return
  }
  expect(sent, at).toEqual(recorded)
}

test('what it sends has the headers, the signature and the fields of what a running Gitea sent', async () => {
  await install()
  const { number } = await send('POST', '/issues', { title: 'A', labels: [1], assignees: ['alice'] })
  await send('PATCH', `/issues/${String(number)}`, { title: 'B' })
  await send('POST', `/issues/${String(number)}/comments`, { body: 'C' })
  await send('PATCH', `/issues/${String(number)}`, { state: 'closed' })
  await gitea.commit('harbor', 'booking', { files: { 'x.txt': 'x' }, message: 'X', branch: 'topic', author: 'alice' })
  await gitea.addPullRequest({ ...booking, author: 'alice', title: 'P', head: 'topic', labels: ['bug'] })
  await gitea.commit('harbor', 'booking', { files: { 'x.txt': 'y' }, message: 'Y', branch: 'topic', author: 'alice' })
  await send('POST', '/branches', { new_branch_name: 'gone', old_ref_name: 'main' })
  await send('DELETE', '/branches/gone')
  await send('POST', '/releases', { tag_name: 'v99', target_commitish: 'main', name: 'V', body: 'N' })
  await send('POST', '/releases', { tag_name: 'v100', target_commitish: 'main', name: 'W', draft: true })

  const all = await take()

  const types = all.map(typeOf)
  expect(types.slice(0, 3)).toEqual(['issue_assign.assigned', 'issue_label.label_updated', 'issues.opened'])
  const RECORDED: Readonly<Record<string, string>> = {
    'issue_assign.assigned': 'issue_assign.assigned',
    'issue_label.label_updated': 'issue_label.label_updated',
    'issues.opened': 'issues.opened',
    'issues.edited': 'issues.edited',
    'issues.closed': 'issues.closed',
    'issue_comment.created': 'issue_comment.created',
    'pull_request.opened': 'pull_request.opened',
    'pull_request_label.label_updated': 'pull_request_label.label_updated',
    'pull_request_sync.synchronized': 'pull_request_sync.synchronized',
    push: 'push',
    create: 'create.branch',
    delete: 'delete.branch',
    'release.published': 'release.published',
  }
  for (const [type, name] of Object.entries(RECORDED)) {
    const sent = all.find((each) => typeOf(each) === type)
    expect(types, type).toContain(type)
    const recorded = readRecorded(name)
    const body: Record<string, unknown> = JSON.parse(recorded.body)
    const ours = { ...sent?.body }
    // a pull request without reviews leaves their number out
    if (typeof body.pull_request === 'object') body.pull_request = { ...body.pull_request, review_comments: undefined }
    if (typeof ours.pull_request === 'object') ours.pull_request = { ...ours.pull_request, review_comments: undefined }
    expectShape(toShape(ours), toShape(body), type)
    const ofGitea = (headers: object) =>
      Object.keys(headers)
        .map((header) => header.toLowerCase())
        .filter((header) => header.startsWith('x-') || header === 'content-type')
        .sort()
    expect(ofGitea(sent?.headers ?? {}), type).toEqual(ofGitea(recorded.headers))
    expect(sent?.headers['x-gitea-event']).toBe(recorded.headers['X-Gitea-Event'])
    expect(sent?.headers['x-gitea-signature']).toBe(sign(secret.reveal(), sent?.text ?? ''))
  }
  expect(types.filter((type) => type === 'release.published')).toHaveLength(1)
  const ids = all.map(({ headers }) => headers['x-gitea-delivery'])
  expect(new Set(ids).size).toBe(ids.length)
})

test('a receiver that fails is not asked again, and one webhook gets only what it asked for', async () => {
  await install(['issues_only'])
  status = 500
  await send('POST', '/issues', { title: 'A', labels: [1] })
  await send('PUT', '/issues/1/labels', { labels: [1] })

  expect((await take()).map(typeOf)).toEqual(['issues.opened'])
  expect(gitea.deliveries).toMatchObject([{ type: 'issues', status: 500 }])
})

test('a new webhook is off and on pushes unless told, and an edit resets what it does not name', async () => {
  const made = await send('POST', '/hooks', { type: 'gitea', config: { url, content_type: 'json', secret: 'first' } })
  expect(made).toMatchObject({ active: false, events: ['push'], config: { url, content_type: 'json' } })
  expect(JSON.stringify(made)).not.toContain('first')

  const edit = (body: unknown) => send('PATCH', `/hooks/${String(made.id)}`, body)
  const named = { active: true, events: ['issues_only', 'wiki', 'no_such_event'], authorization_header: 'Bearer x' }
  expect(await edit({ ...named, config: { secret: 'second' } })).toMatchObject({
    events: ['issues', 'wiki'],
    authorization_header: 'Bearer x',
  })
  expect(await edit({})).toMatchObject({ active: true, events: ['push'], authorization_header: '' })
  await gitea.commit('harbor', 'booking', { files: { 'x.txt': 'x' }, message: 'X' })
  const [push] = await take()
  expect(push?.headers['x-gitea-signature']).toBe(sign('first', push?.text ?? ''))
  expect(await edit({ events: ['issues'] })).toMatchObject({
    events: expect.arrayContaining(['issues', 'issue_label', 'issue_comment']),
  })
})
