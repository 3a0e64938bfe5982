/** Writing through Gitea's REST API. Runs against the sandbox and a real Gitea. */
import { expect, test } from 'vitest'
import { call, type RestReply } from './gitea-contract-rest.js'
import type { GiteaUnderTest } from './gitea-under-test.js'

const booking = '/repos/harbor/booking'

function read(reply: RestReply): Record<string, unknown> {
  const parsed: unknown = JSON.parse(reply.text)
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {}
}

export function testWrites(getGitea: () => GiteaUnderTest): void {
  const post = (path: string, body: unknown, as = 'alice'): Promise<RestReply> =>
    call(getGitea(), path, { as, method: 'POST', body })
  const patch = (path: string, body: unknown, as = 'alice'): Promise<RestReply> =>
    call(getGitea(), path, { as, method: 'PATCH', body })
  const newIssue = async (as = 'alice'): Promise<string> =>
    `${booking}/issues/${read(await post(`${booking}/issues`, { title: 'A question' }, as)).number}`

  test('an issue needs a title and the write scope', async () => {
    const gitea = getGitea()
    const untitled = await post(`${booking}/issues`, { body: 'x' })
    const narrow = { as: 'alice', scopes: ['read:issue'], method: 'POST', body: { title: 'x' } }

    expect([untitled.status, read(untitled).message]).toEqual([422, '[Title]: Required'])
    expect((await call(gitea, `${booking}/issues`, narrow)).text).toContain(
      'required=[write:issue], token scope=read:issue',
    )
  })

  test('what an author may not set is dropped without a word', async () => {
    const labels = JSON.parse((await call(getGitea(), `${booking}/labels`, { as: 'alice' })).text)
    const wanted = { title: 'From outside', labels: [labels[0].id], assignees: ['bob'] }

    expect(read(await post(`${booking}/issues`, wanted, 'mallory'))).toMatchObject({ labels: [], assignees: null })
    expect(read(await post(`${booking}/issues`, wanted))).toMatchObject({ assignees: [{ login: 'bob' }] })
  })

  test('editing answers 201, moves the due date to the end of its day, and refuses unknown states', async () => {
    const issue = await newIssue()
    const edited = await patch(issue, { title: 'Edited', due_date: '2026-12-02T00:00:00Z' })

    expect([edited.status, read(edited)]).toMatchObject([201, { title: 'Edited', due_date: '2026-12-02T23:59:59Z' }])
    expect((await patch(issue, { state: 'weird' })).status).toBe(412)
    expect((await patch(issue, { milestone: 9999 })).status).toBe(500)
    expect(read(await patch(issue, { state: 'closed' }))).toMatchObject({ state: 'closed' })
  })

  test('editing the issue of somebody else is a 403 without a body; the author may', async () => {
    const gitea = getGitea()
    const refused = await patch(await newIssue(), { title: 'x' }, 'mallory')

    expect([refused.status, refused.text]).toEqual([403, ''])
    expect((await patch(await newIssue('mallory'), { title: 'Better' }, 'mallory')).status).toBe(201)
    expect((await call(gitea, `${booking}/issues/9999`, { as: 'alice', method: 'PATCH', body: {} })).status).toBe(404)
  })

  test('a comment on a missing issue is a 500', async () => {
    expect((await post(`${booking}/issues/9999/comments`, { body: 'x' })).status).toBe(500)
    expect((await post(`${await newIssue()}/comments`, { body: 'Hello' })).status).toBe(201)
  })

  test('labels go by names or by ids but not mixed, and unknown ones are ignored', async () => {
    const issue = await newIssue()
    const names = async (body: unknown): Promise<unknown> => JSON.parse((await post(`${issue}/labels`, body)).text)

    expect(await names({ labels: ['bug', 'no such label'] })).toMatchObject([{ name: 'bug' }])
    expect((await post(`${issue}/labels`, { labels: [1, 'bug'] })).status).toBe(400)
    expect((await post(`${issue}/labels`, { labels: ['bug'] }, 'mallory')).status).toBe(403)
  })

  test('an archived repository is locked for new issues', async () => {
    const gitea = getGitea()
    const name = `archive-${Date.now()}`
    await gitea.addRepository({ owner: 'alice', name, files: { 'a.txt': 'a\n' }, archived: true })
    const reply = await post(`/repos/alice/${name}/issues`, { title: 'x' })

    expect([reply.status, read(reply).message]).toEqual([423, `alice/${name} is archived`])
  })

  test('field names match regardless of case, and the body must be JSON or a form', async () => {
    const gitea = getGitea()
    const headers = { 'content-type': 'text/plain' }

    expect((await post(`${booking}/issues`, { TITLE: 'Loud' })).status).toBe(201)
    const plain = await call(gitea, `${booking}/issues`, { as: 'alice', method: 'POST', headers, body: { title: 'x' } })
    expect([plain.status, read(plain).message]).toEqual([422, '[]: Unsupported Content-Type'])
  })

  test('an OAuth application is made with its secret shown once, public unless told otherwise', async () => {
    const gitea = getGitea()
    const path = '/user/applications/oauth2'
    const made = read(await post(path, { name: 'aegis', redirect_uris: ['http://127.0.0.1:1/cb'] }))
    const listed = (await call(gitea, path, { as: 'alice' })).text

    expect(made).toMatchObject({
      confidential_client: false,
      client_secret: expect.stringMatching(/^gto_[a-z2-7]{52}$/),
    })
    expect(listed).toContain(String(made.client_id))
    expect(listed).not.toContain(String(made.client_secret))
  })
}
