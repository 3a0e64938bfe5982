/** What our tools rely on, or must survive, in Gitea's REST API. Runs against the sandbox and a real Gitea. */
import { expect, test } from 'vitest'
import type { GiteaUnderTest } from './gitea-under-test.js'
import { seedPeople } from './seed-gitea.js'

export interface RestReply {
  readonly status: number
  readonly text: string
  readonly headers: Headers
}

export interface RestCall {
  readonly as?: string
  readonly scopes?: readonly string[]
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

const tokens = new WeakMap<GiteaUnderTest, Map<string, string>>()

async function tokenOf(gitea: GiteaUnderTest, login: string, scopes: readonly string[]): Promise<string> {
  const known = tokens.get(gitea) ?? new Map<string, string>()
  tokens.set(gitea, known)
  const key = `${login} ${scopes.join(' ')}`
  const token = known.get(key) ?? (await gitea.createToken(login, scopes))
  known.set(key, token)
  return token
}

/** One call below /api/v1; anonymous unless `as` names a person. Redirects are not followed. */
export async function call(gitea: GiteaUnderTest, path: string, options: RestCall = {}): Promise<RestReply> {
  const { as, scopes = ['all'], method = 'GET', body } = options
  const response = await fetch(`${gitea.url}/api/v1${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(as ? { authorization: `token ${await tokenOf(gitea, as, scopes)}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, text: await response.text(), headers: response.headers }
}

/** The parsed answer as a list of rows. Throws when it is none. */
async function rows(
  gitea: GiteaUnderTest,
  path: string,
  options: RestCall = { as: 'alice' },
): Promise<readonly unknown[]> {
  const reply = await call(gitea, path, options)
  const parsed: unknown = JSON.parse(reply.text)
  if (!Array.isArray(parsed)) throw new Error(`${path} answered ${reply.status} ${reply.text.slice(0, 200)}`)
  return parsed
}

const booking = '/repos/harbor/booking'
const infra = '/repos/harbor/infra'
const notes = '/repos/alice/field-notes'
const scratch = '/repos/alice/scratch'

export function testCode(getGitea: () => GiteaUnderTest): void {
  test('git/refs matches by prefix and always answers a list', async () => {
    const gitea = getGitea()
    const names = (await rows(gitea, `${booking}/git/refs/heads/ma`)).map((row) => JSON.stringify(row))

    expect(names).toHaveLength(1)
    expect(names[0]).toContain('"ref":"refs/heads/main"')
    expect((await call(gitea, `${booking}/git/refs/heads/nope`, { as: 'alice' })).status).toBe(404)
  })

  test('a tree-ish with a path lists one folder with sizes, and slashes may be escaped', async () => {
    const gitea = getGitea()
    const plain = await call(gitea, `${booking}/git/trees/main%3Afixtures%2Froutes`, { as: 'alice' })

    expect(JSON.parse(plain.text)).toMatchObject({ total_count: 130, truncated: false, tree: expect.any(Array) })
    for (const wrong of ['main%3AREADME.md', 'main%3Anope', 'main%3A%2Fsrc', 'nope']) {
      expect((await call(gitea, `${booking}/git/trees/${wrong}`, { as: 'alice' })).status).toBe(400)
    }
  })

  test('an unescaped slash in the ref of a tree is an unknown path, in a branch it is not', async () => {
    const gitea = getGitea()
    const tree = await call(gitea, `${booking}/git/trees/feature/refund-window`, { as: 'alice' })

    expect([tree.status, tree.text]).toEqual([404, '404 page not found\n'])
    expect((await call(gitea, `${booking}/branches/feature/refund-window`, { as: 'alice' })).status).toBe(200)
    expect((await call(gitea, `${booking}/git/trees/feature%2Frefund-window`, { as: 'alice' })).status).toBe(200)
  })

  test('raw serves the default branch when the ref does not exist; contents does not', async () => {
    const gitea = getGitea()
    const raw = await call(gitea, `${notes}/raw/README.md?ref=no-such`, { as: 'alice' })
    const contents = await call(gitea, `${notes}/contents/README.md?ref=no-such`, { as: 'alice' })

    expect(raw).toMatchObject({ status: 200, text: '# Field notes\n\nWhat I saw in the harbours.\n' })
    expect([contents.status, contents.text]).toEqual([
      404,
      expect.stringContaining('object does not exist [id: no-such'),
    ])
  })

  test('names beyond ASCII and with every special character are found when each segment is escaped', async () => {
    const gitea = getGitea()
    for (const path of [
      'häfen/göteborg.md',
      'φάροι/λευκός.md',
      '港/横浜.md',
      'with space/a # strange ? name+100%.md',
    ]) {
      const escaped = path.split('/').map(encodeURIComponent).join('/')
      const file = await call(gitea, `${notes}/contents/${escaped}?ref=main`, { as: 'alice' })
      expect(JSON.parse(file.text)).toMatchObject({ path, type: 'file', encoding: 'base64' })
    }
  })

  test('a symbolic link has a target and no content', async () => {
    const link = await call(getGitea(), `${notes}/contents/latest.md`, { as: 'alice' })

    expect(JSON.parse(link.text)).toMatchObject({ type: 'symlink', target: 'häfen/göteborg.md', content: null })
  })

  test('an error of contents-ext is followed by a second document', async () => {
    const reply = await call(getGitea(), `${booking}/contents-ext/nope?ref=main`, { as: 'alice' })

    expect(reply.status).toBe(404)
    expect(reply.text.endsWith('}\nnull\n')).toBe(true)
  })

  test('an empty repository answers differently everywhere', async () => {
    const gitea = getGitea()
    const statusOf = async (path: string): Promise<number> =>
      (await call(gitea, scratch + path, { as: 'alice' })).status

    expect(await statusOf('/commits')).toBe(409)
    expect(await statusOf('/git/trees/main')).toBe(400)
    expect(await statusOf('/git/refs/heads/main')).toBe(404)
    expect(await statusOf('/contents')).toBe(404)
    expect(await statusOf('/pulls')).toBe(404)
    expect((await call(gitea, `${scratch}/branches`, { as: 'alice' })).text).toBe('null\n')
  })

  test('commits of an unknown revision are the word null', async () => {
    const reply = await call(getGitea(), `${booking}/commits?sha=nope`, { as: 'alice' })

    expect([reply.status, reply.text]).toEqual([404, 'null\n'])
  })

  test('commits of a path ignore limit, and their headers do not know it', async () => {
    const gitea = getGitea()
    const path = `${booking}/commits?path=docs/reviews&limit=2&stat=false&files=false&verification=false`
    const reply = await call(gitea, path, { as: 'alice' })

    expect(await rows(gitea, path)).toHaveLength(40)
    expect(reply.headers.get('x-perpage')).toBe('2')
  })

  test('compare answers commits and no diff; a commit and a pull request have one', async () => {
    const gitea = getGitea()
    const compare = await call(gitea, `${booking}/compare/main...feature%2Frefund-window`, { as: 'alice' })
    const diff = await call(gitea, `${booking}/pulls/6.diff`, { as: 'alice' })

    expect(Object.keys(JSON.parse(compare.text))).toEqual(['total_commits', 'commits'])
    expect(diff.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(diff.text.match(/^diff --git/gm)).toHaveLength(3)
  })
}

export function testLists(getGitea: () => GiteaUnderTest): void {
  test('limit alone is obeyed by issues and ignored by labels', async () => {
    const gitea = getGitea()

    expect(await rows(gitea, `${booking}/issues?limit=2&state=all`)).toHaveLength(2)
    expect(await rows(gitea, `${booking}/labels?limit=1`)).toHaveLength(4)
    expect(await rows(gitea, `${booking}/labels?limit=1&page=1`)).toHaveLength(1)
  })

  test('issues carry the total and links, comments only the total and never pages', async () => {
    const gitea = getGitea()
    const issues = await call(gitea, `${booking}/issues?limit=2&state=all&type=issues`, { as: 'alice' })
    const comments = await call(gitea, `${booking}/issues/1/comments?limit=2&page=1`, { as: 'alice' })

    expect(issues.headers.get('link')).toContain('rel="next"')
    expect(Number(issues.headers.get('x-total-count'))).toBeGreaterThanOrEqual(5)
    expect(comments.headers.get('link')).toBeNull()
    expect(JSON.parse(comments.text)).toHaveLength(20)
  })

  test('a label filter with only unknown names vanishes, with known ones all must fit', async () => {
    const gitea = getGitea()
    const all = (await rows(gitea, `${booking}/issues?state=all&limit=50`)).length

    expect(await rows(gitea, `${booking}/issues?state=all&limit=50&labels=no-such`)).toHaveLength(all)
    expect(await rows(gitea, `${booking}/issues?state=all&labels=feature,help%20wanted`)).toHaveLength(1)
  })

  test('pull requests are issues too, and without state all of them come', async () => {
    const gitea = getGitea()

    expect(await rows(gitea, `${booking}/issues?type=pulls`)).toHaveLength(1)
    expect(await rows(gitea, `${booking}/pulls`)).toHaveLength(1)
    expect((await call(gitea, `${booking}/issues/6`, { as: 'alice' })).text).toContain('"pull_request":{')
  })

  test('comments of a missing issue are a 500 with an empty message', async () => {
    const gitea = getGitea()
    const reply = await call(gitea, `${booking}/issues/9999/comments`, { as: 'alice' })

    expect([reply.status, JSON.parse(reply.text).message]).toEqual([500, ''])
    expect((await call(gitea, `${booking}/issues/9999`, { as: 'alice' })).status).toBe(404)
  })
}

export function testAccess(getGitea: () => GiteaUnderTest): void {
  const permissionOf = async (path: string, login: string): Promise<unknown> =>
    JSON.parse((await call(getGitea(), `${path}/collaborators/${login}/permission`, { as: login })).text).permission

  test('what a person may not see is not there', async () => {
    const gitea = getGitea()
    for (const as of [undefined, 'mallory']) {
      const reply = await call(gitea, infra, as ? { as } : {})
      expect([reply.status, JSON.parse(reply.text).message]).toEqual([404, 'not found'])
    }
  })

  test('the permission endpoint does not know what ordinary teams grant', async () => {
    const gitea = getGitea()
    const shown = JSON.parse((await call(gitea, infra, { as: 'alice' })).text)

    expect(shown.permissions).toEqual({ admin: false, push: true, pull: true })
    expect(await permissionOf(infra, 'bob')).toBe('owner')
    expect(await permissionOf(booking, 'alice')).toBe('read')
    expect(await permissionOf(infra, 'alice')).toBe('none')
    expect(await permissionOf(notes, 'bob')).toBe('write')
    expect((await call(gitea, `${booking}/collaborators/bob/permission`, { as: 'mallory' })).status).toBe(403)
  })

  test('a team without a unit gets 404 for issues and pull requests and 403 for code', async () => {
    const gitea = getGitea()
    const login = `reader-${Date.now()}`
    await gitea.addUser({ login, password: 'reader-passw0rd' })
    const units = { 'repo.issues': 'write' } as const
    await gitea.addTeam({ org: 'harbor', name: login, members: [login], repositories: ['infra'], units })
    const statusOf = async (path: string): Promise<number> => (await call(gitea, infra + path, { as: login })).status

    expect(await statusOf('')).toBe(200)
    expect(await statusOf('/issues')).toBe(200)
    expect(await statusOf('/pulls')).toBe(404)
    expect(await statusOf('/contents')).toBe(403)
    expect(await statusOf('/git/refs/heads/main')).toBe(403)
    expect(JSON.parse((await call(gitea, infra, { as: login })).text).permissions.pull).toBe(false)
  })

  test('Sudo acts as anybody for a site admin and for nobody else', async () => {
    const gitea = getGitea()
    const sudo = (as: string, login: string): Promise<RestReply> => call(gitea, infra, { as, headers: { sudo: login } })

    expect((await sudo('admin', 'ALICE')).status).toBe(200)
    expect((await sudo('admin', seedPeople.mallory.login)).status).toBe(404)
    expect((await sudo('admin', 'no-such-person')).status).toBe(404)
    expect((await sudo('bob', 'alice')).text).toBe('{"message":"Only administrators allowed to sudo."}\n')
  })

  test('a renamed repository redirects for ever, also for people who may not see it', async () => {
    const gitea = getGitea()
    const name = `old-${Date.now()}`
    await gitea.addRepository({ owner: 'alice', name, private: true, files: { 'a.txt': 'a\n' } })
    await gitea.renameRepository('alice', name, `${name}-new`)
    const reply = await call(gitea, `/repos/alice/${name}/contents/a.txt?ref=main`, { as: 'mallory' })

    expect(reply.status).toBe(301)
    expect(reply.headers.get('location')).toBe(`/api/v1/repos/alice/${name}-new/contents/a.txt?ref=main`)
  })

  test('unknown paths, wrong methods and HEAD', async () => {
    const gitea = getGitea()
    const unknown = await call(gitea, '/no/such/path', { as: 'alice' })

    expect([unknown.status, unknown.text]).toEqual([404, '404 page not found\n'])
    expect((await call(gitea, '/version', { method: 'PUT' })).status).toBe(405)
    expect((await call(gitea, booking, { as: 'alice', method: 'HEAD' })).status).toBe(405)
  })
}
