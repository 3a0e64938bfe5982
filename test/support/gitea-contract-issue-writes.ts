/** Changing issues, comments, labels and milestones: what Gitea lets through. Runs against the sandbox and a real Gitea. */
import { expect, test } from 'vitest'
import { call, type RestReply } from './gitea-contract-rest.js'
import type { GiteaUnderTest } from './gitea-under-test.js'

const booking = '/repos/harbor/booking'

export function testIssueWrites(getGitea: () => GiteaUnderTest): void {
  const send = (method: string, path: string, body?: unknown, as = 'alice'): Promise<RestReply> =>
    call(getGitea(), path, { as, method, ...(body === undefined ? {} : { body }) })
  const read = async (method: string, path: string, body?: unknown, as = 'alice') =>
    JSON.parse((await send(method, path, body, as)).text)
  const newIssue = async (title = 'A question'): Promise<number> =>
    (await read('POST', `${booking}/issues`, { title })).number
  const newLabel = async (name: string, more = {}): Promise<{ id: number }> =>
    read('POST', `${booking}/labels`, { name, color: '#0af', ...more })

  test('a label may have the name of another, and leaves the archive unless told to stay', async () => {
    const name = `twin-${Date.now()}`
    const first = await newLabel(name, { is_archived: true })

    expect(await newLabel(name)).toMatchObject({ name, color: '00aaff', exclusive: false, is_archived: false })
    expect(await read('PATCH', `${booking}/labels/${first.id}`, { is_archived: true })).toMatchObject({ name })
    expect(await read('GET', `${booking}/labels/${first.id}`)).toMatchObject({ is_archived: true })
    expect(await read('PATCH', `${booking}/labels/${first.id}`, { description: 'x' })).toMatchObject({
      description: 'x',
      is_archived: false,
    })
  })

  test('a label needs a name, a color of hex digits, and somebody who may write', async () => {
    const label = { name: 'x', color: '#fff' }

    expect((await send('POST', `${booking}/labels`, { color: '#fff' })).status).toBe(422)
    expect((await send('POST', `${booking}/labels`, { ...label, color: 'red' })).status).toBe(422)
    expect((await send('POST', `${booking}/labels`, label, 'mallory')).status).toBe(403)
    expect((await send('PATCH', `${booking}/labels/999999`, { name: 'y' })).status).toBe(404)
  })

  test('an exclusive label takes the place of another of its scope', async () => {
    const scope = `scope-${Date.now()}`
    const [low, high] = [
      await newLabel(`${scope}/low`, { exclusive: true }),
      await newLabel(`${scope}/high`, { exclusive: true }),
    ]
    const path = `${booking}/issues/${await newIssue()}/labels`

    expect(await read('POST', path, { labels: [low.id] })).toMatchObject([{ id: low.id }])
    expect(await read('POST', path, { labels: [high.id] })).toMatchObject([{ id: high.id }])
    // of two at once the last by name stays
    expect(await read('PUT', path, { labels: [high.id, low.id] })).toMatchObject([{ id: low.id }])
    expect(await read('PUT', path, { labels: [] })).toEqual([])
  })

  test('each label put on and taken off is an event, of which no comment can be read', async () => {
    const issue = `${booking}/issues/${await newIssue()}`
    await send('POST', `${issue}/labels`, { labels: ['bug'] })
    await send('PUT', `${issue}/labels`, { labels: ['security'] })
    const events = await read('GET', `${issue}/timeline?page=1&limit=50`)

    expect(events).toMatchObject([
      { type: 'label', body: '1', label: { name: 'bug' }, user: { login: 'alice' } },
      { type: 'label', body: '1', label: { name: 'security' } },
      { type: 'label', body: '', label: { name: 'bug' } },
    ])
    const single = await send('GET', `${booking}/issues/comments/${events[0].id}`)
    expect([single.status, single.text]).toEqual([204, ''])
  })

  test('a milestone may have any title, the one of another too, and keeps the time it is given', async () => {
    const due = { title: 'Twin', due_on: '2026-12-31T08:00:00Z' }

    expect(await read('POST', `${booking}/milestones`, due)).toMatchObject({ ...due, state: 'open', closed_at: null })
    expect((await send('POST', `${booking}/milestones`, { title: 'Twin' })).status).toBe(201)
    expect((await send('POST', `${booking}/milestones`, { title: '' })).status).toBe(201)
    expect((await send('POST', `${booking}/milestones`, { title: 'x', due_on: 'soon' })).status).toBe(422)
    expect((await send('POST', `${booking}/milestones`, { title: 'x' }, 'mallory')).status).toBe(403)
  })

  test('a comment is edited by its author and by those who may write, below its own repository', async () => {
    const issue = `${booking}/issues/${await newIssue()}`
    const { id } = await read('POST', `${issue}/comments`, { body: 'First' }, 'mallory')
    const { id: other } = await read('POST', `${issue}/comments`, { body: 'Other' })
    const path = `${booking}/issues/comments`
    const refused = await send('PATCH', `${path}/${other}`, { body: 'x' }, 'mallory')
    const elsewhere = await send('PATCH', `/repos/alice/field-notes/issues/comments/${id}`, { body: 'x' })

    expect([refused.status, refused.text]).toEqual([403, ''])
    expect([elsewhere.status, elsewhere.text]).toEqual([404, ''])
    expect(await read('PATCH', `${path}/${id}`, { body: 'Mine' }, 'mallory')).toMatchObject({ body: 'Mine' })
    expect(await read('PATCH', `${path}/${id}`, { body: 'Ours' })).toMatchObject({ user: { login: 'mallory' } })
    expect((await send('PATCH', `${path}/${id}`, { body: '' })).status).toBe(422)
    expect((await send('PATCH', `${path}/999999`, { body: 'x' })).status).toBe(404)
  })

  test('an issue that depends on an open one does not close, but has its new title', async () => {
    const [first, second] = [await newIssue('First'), await newIssue('Second')]
    const path = `${booking}/issues/${second}`
    const meta = { owner: 'harbor', repo: 'booking', index: first }
    expect((await send('POST', `${path}/dependencies`, meta)).status).toBe(201)
    const refused = await send('PATCH', path, { title: 'Changed', state: 'closed' })

    expect(refused.status).toBe(412)
    expect(refused.text).toContain('it still has open dependencies')
    expect(await read('GET', path)).toMatchObject({ title: 'Changed', state: 'open' })
    await send('PATCH', `${booking}/issues/${first}`, { state: 'closed' })
    expect(await read('PATCH', path, { state: 'closed' })).toMatchObject({ state: 'closed' })
  })

  test('a locked issue takes comments only from those who may write', async () => {
    const issue = `${booking}/issues/${await newIssue()}`

    expect((await send('PUT', `${issue}/lock`, {}, 'alice')).status).toBe(403)
    expect((await send('PUT', `${issue}/lock`, {}, 'bob')).status).toBe(204)
    expect((await send('POST', `${issue}/comments`, { body: 'x' }, 'mallory')).status).toBe(403)
    expect((await send('POST', `${issue}/comments`, { body: 'x' })).status).toBe(201)
  })

  test('an archived repository still takes changes of issues, labels and milestones, but no comments', async () => {
    const gitea = getGitea()
    const name = `attic-${Date.now()}`
    const path = `/repos/alice/${name}`
    await gitea.addRepository({ owner: 'alice', name, files: { 'a.txt': 'a\n' } })
    await send('POST', `${path}/issues`, { title: 'Old' })
    const { id } = await read('POST', `${path}/issues/1/comments`, { body: 'Old' })
    expect(await read('PATCH', path, { archived: true })).toMatchObject({ archived: true })

    expect((await send('PATCH', `${path}/issues/1`, { title: 'New' })).status).toBe(201)
    expect((await send('POST', `${path}/labels`, { name: 'a', color: '#fff' })).status).toBe(201)
    expect((await send('POST', `${path}/issues/1/labels`, { labels: ['a'] })).status).toBe(200)
    expect((await send('POST', `${path}/milestones`, { title: 'a' })).status).toBe(201)
    expect((await send('PATCH', `${path}/issues/comments/${id}`, { body: 'x' })).status).toBe(423)
    expect((await send('POST', `${path}/issues/1/comments`, { body: 'x' })).status).toBe(423)
  })
}
