/** A real Gitea behind the same surface as the sandbox, filled through its own API, pages and git. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createBrowser } from '../browser.js'
import { createBareRepository, importCommits, runGit } from '../gitea-sandbox/git.js'
import type { GiteaUnderTest, NewCommit, NewRepository, NewUser } from '../gitea-under-test.js'
import { seedGitea } from '../seed-gitea.js'
import { createRealActions } from './actions.js'
import { createRealIssues } from './issues.js'
import { type GiteaProcess, type GiteaProcessOptions, rootLogin, startGiteaProcess } from './process.js'
import { createRootClient, type RootClient } from './root-client.js'

export { findGiteaBinary } from './process.js'

export interface RealGiteaOptions extends GiteaProcessOptions {
  readonly seed?: boolean
}

export interface RealGitea extends GiteaUnderTest {
  readonly pid: number
}

interface Registered {
  readonly password: string
  readonly name: string
  readonly email: string
}

interface Workshop {
  readonly gitea: GiteaProcess
  readonly root: RootClient
  readonly people: Map<string, Registered>
  readonly applicationNames: Map<string, string>
}

async function addUser({ root, people }: Workshop, user: NewUser): Promise<void> {
  const email = user.email ?? `${user.login.toLowerCase()}@example.test`
  const { login, password, fullName } = user
  await root.send('POST', '/admin/users', {
    username: login,
    password,
    email,
    full_name: fullName ?? '',
    must_change_password: false,
  })
  people.set(login, { password, name: fullName || login, email })
  if (user.admin) await root.send('PATCH', `/admin/users/${login}`, { source_id: 0, login_name: login, admin: true })
}

/** A local copy of the repository: commits are made in it as in the sandbox and pushed. */
async function pushCommits(
  workshop: Workshop,
  owner: string,
  name: string,
  commits: readonly NewCommit[],
): Promise<string> {
  const { gitea, people } = workshop
  const local = join(gitea.directory, 'harness-copies', `${owner}--${name}.git`)
  const remote = `${gitea.url.replace('://', `://${rootLogin}:${gitea.rootToken}@`)}/${owner}/${name}.git`
  await mkdir(join(gitea.directory, 'harness-copies'), { recursive: true })
  await createBareRepository(local, 'main')
  await runGit(local, ['fetch', '--quiet', remote, '+refs/heads/*:refs/heads/*'])
  const heads = await importCommits(
    local,
    commits.map((commit) => {
      const login = commit.author ?? owner
      const author = people.get(login) ?? { name: login, email: `${login.toLowerCase()}@noreply.localhost` }
      return {
        branch: commit.branch ?? 'main',
        from: commit.from ?? 'main',
        files: commit.files,
        message: commit.message,
        author,
        date: commit.date ?? Date.now(),
      }
    }),
  )
  const branches = [...heads.keys()].map((branch) => `refs/heads/${branch}:refs/heads/${branch}`)
  await runGit(local, ['push', '--quiet', remote, ...branches])
  await waitUntilFilled(workshop.root, owner, name)
  return heads.get(commits.at(-1)?.branch ?? 'main') ?? ''
}

/** Gitea notices a first push in the background; until then reads without a ref panic (HTTP 500 with a page). */
async function waitUntilFilled(root: RootClient, owner: string, name: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const repository = await root.send('GET', `/repos/${owner}/${name}`)
    if (!repository.flag('empty')) return
    await delay(25)
  }
  throw new Error(`${owner}/${name} is still empty after a push`)
}

async function addRepository(workshop: Workshop, wanted: NewRepository): Promise<void> {
  const { root } = workshop
  const { owner, name } = wanted
  await root.send('POST', `/admin/users/${owner}/repos`, {
    name,
    private: wanted.private ?? false,
    description: wanted.description ?? '',
    default_branch: 'main',
  })
  const initial = wanted.files ? [{ files: wanted.files, message: 'Initial commit' }] : []
  const commits = [...initial, ...(wanted.commits ?? [])]
  if (commits.length > 0) await pushCommits(workshop, owner, name, commits)
  if (wanted.topics) await root.send('PUT', `/repos/${owner}/${name}/topics`, { topics: wanted.topics })
  if (wanted.archived) await root.send('PATCH', `/repos/${owner}/${name}`, { archived: true })
}

/** The settings page is the only place where a grant can be removed. */
async function revokeGrant(
  { gitea, people, applicationNames }: Workshop,
  login: string,
  clientId: string,
): Promise<void> {
  const browser = createBrowser()
  const person = people.get(login)
  const loginPage = await browser.get(`${gitea.url}/user/login`)
  await browser.submit(loginPage, { user_name: login, password: person?.password ?? '' })
  const page = await browser.get(`${gitea.url}/user/settings/applications`)
  const name = applicationNames.get(clientId) ?? ''
  // Example: data-url="/user/settings/applications/oauth2/7/revoke/12" …
  const items = page.html.split('<div class="flex-item"').filter((item) => item.includes(`>${name}<`))
  const path = items.map((item) => /data-url="([^"]*\/revoke\/?\d*)"/.exec(item)).find((match) => match !== null)?.[1]
  const csrf = browser.cookies(gitea.url).get('_csrf')?.value ?? ''
  if (!path) throw new Error(`${login} has no grant for ${name}`)
  const answer = await browser.post(new URL(path, gitea.url).href, { _csrf: csrf })
  if (answer.status !== 200) throw new Error(`revoking answered ${answer.status}: ${answer.text}`)
}

/** Starts a real Gitea on 127.0.0.1. Throws when there is no binary; the caller closes it. */
export async function startRealGitea(options: RealGiteaOptions = {}): Promise<RealGitea> {
  const gitea = await startGiteaProcess(options)
  const root = createRootClient(gitea)
  const workshop: Workshop = { gitea, root, people: new Map(), applicationNames: new Map() }
  let tokens = 0
  const real: RealGitea = {
    url: gitea.url,
    pid: gitea.pid,
    addUser: (user) => addUser(workshop, user),
    async setUserState(login, { prohibitLogin, mustChangePassword, active }) {
      await root.send('PATCH', `/admin/users/${login}`, {
        source_id: 0,
        login_name: login,
        ...(prohibitLogin === undefined ? {} : { prohibit_login: prohibitLogin }),
        ...(mustChangePassword === undefined ? {} : { must_change_password: mustChangePassword }),
        ...(active === undefined ? {} : { active }),
      })
    },
    async addOrganization({ name, owner, visibility }) {
      await root.send('POST', '/orgs', { username: name, visibility: visibility ?? 'public' }, owner)
    },
    async addTeam({ org, name, members, units, admin, repositories }) {
      const granted = Object.entries(units ?? {}).filter(([, mode]) => mode !== 'none')
      const body = {
        name,
        permission: admin ? 'admin' : 'read',
        includes_all_repositories: false,
        ...(admin ? {} : { units: granted.map(([unit]) => unit), units_map: Object.fromEntries(granted) }),
      }
      const team = await root.send('POST', `/orgs/${org}/teams`, body)
      for (const member of members) await root.send('PUT', `/teams/${team.number('id')}/members/${member}`)
      for (const name of repositories ?? []) await root.send('PUT', `/teams/${team.number('id')}/repos/${org}/${name}`)
    },
    addRepository: (repository) => addRepository(workshop, repository),
    commit: (owner, name, commit) => pushCommits(workshop, owner, name, [commit]),
    async renameRepository(owner, name, newName) {
      await root.send('PATCH', `/repos/${owner}/${name}`, { name: newName })
    },
    async addCollaborator(owner, name, login, permission) {
      await root.send('PUT', `/repos/${owner}/${name}/collaborators/${login}`, { permission })
    },
    async createToken(login, scopes) {
      tokens += 1
      const token = await root.send('POST', `/users/${login}/tokens`, { name: `harness-${tokens}`, scopes })
      return token.text('sha1')
    },
    async createOAuthApplication({ name, redirectUris, confidential, owner }) {
      const body = { name, redirect_uris: redirectUris, confidential_client: confidential ?? false }
      const application = await root.send('POST', '/user/applications/oauth2', body, owner)
      workshop.applicationNames.set(application.text('client_id'), name)
      return { clientId: application.text('client_id'), clientSecret: application.text('client_secret') }
    },
    revokeGrant: (login, clientId) => revokeGrant(workshop, login, clientId),
    ...createRealIssues(root),
    ...createRealActions(gitea, root, (owner, name, commit) => pushCommits(workshop, owner, name, [commit])),
    close: () => gitea.stop(),
  }
  if (options.seed) await seedGitea(real)
  return real
}
