import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { checkAudit, readAudit } from '../support/read-audit.js'
import { seedPeople } from '../support/seed-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

const { alice, mallory } = seedPeople
const SCOPES = ['read:user', 'read:organization', 'write:repository', 'write:issue', 'write:notification']
const infra = { owner: 'harbor', repo: 'infra' }

let gitea: GiteaUnderTest
beforeAll(async () => {
  gitea = await startGitea()
})
afterAll(() => gitea.close())

async function start(owner: string): Promise<{ stack: Stack; token: string }> {
  const token = await gitea.createToken(owner, SCOPES)
  const settings = { GITEA_TOKEN: token, WRITE_MODE: 'true', WRITE_ALLOW_ALL_TOKEN_REPOS: 'true' }
  const policy = 'defaults:\n  read: allow\n  write: allow\n'
  return { stack: await startStack(gitea, { settings, policy }), token }
}

describe('with a site administrator’s token, a person', () => {
  let stack: Stack
  let token: string
  beforeAll(async () => {
    ;({ stack, token } = await start('admin'))
  })
  afterAll(async () => {
    await checkAudit(stack.aegis)
    await stack.close()
  })

  test('is still themselves, and sees what is theirs', async () => {
    const connection = await stack.connect(alice)

    expect((await stack.call(connection, 'get_me')).text).toContain('alice')
    const listed = (await stack.call(connection, 'list_repositories')).text
    expect(listed).toContain('scratch')
    expect(listed).toContain('infra')
  })

  test('writes under their own name', async () => {
    const connection = await stack.connect(alice, { scope: 'read:repository write:repository' })

    const made = await stack.call(connection, 'create_issue', { owner: 'harbor', repo: 'booking', title: 'Foghorn' })

    expect(made.isError).toBe(false)
    const found = await stack.call(connection, 'search_issues', { query: 'Foghorn' })
    expect(found.text).toContain('alice')
  })

  test('finds nothing of repositories that are not theirs, by any tool', async () => {
    const connection = await stack.connect(mallory)

    const lists = await Promise.all([
      stack.call(connection, 'list_repositories'),
      stack.call(connection, 'search_repositories', { query: 'infra' }),
      stack.call(connection, 'list_org_repositories', { org: 'harbor' }),
      stack.call(connection, 'search_code', { query: 'deploy' }),
    ])
    const read = await stack.call(connection, 'get_file_contents', { ...infra, filepath: 'README.md' })

    for (const { text, isError } of lists) {
      expect(isError).toBe(false)
      expect(text).not.toContain('harbor/infra')
    }
    expect(read.isError).toBe(true)
    expect(read.text).toMatch(/mallory may not read it\. Ask its owner/)
    const entries = await readAudit(stack.aegis)
    expect(entries).toContainEqual(
      expect.objectContaining({
        type: 'access_denied',
        reason: 'repository_permission_denied',
        actor: expect.objectContaining({ login: 'mallory' }),
      }),
    )
    expect(JSON.stringify(entries) + stack.aegis.logLines.join('')).not.toContain(token)
  })
})

describe('with an organisation owner’s token, a person', () => {
  let stack: Stack
  beforeAll(async () => {
    ;({ stack } = await start('bob'))
  })
  afterAll(async () => {
    await checkAudit(stack.aegis)
    await stack.close()
  })

  test('is still themselves', async () => {
    const connection = await stack.connect(alice)

    expect((await stack.call(connection, 'get_me')).text).toContain('alice')
    expect((await stack.call(connection, 'list_repositories')).text).toContain('scratch')
  })

  test('reads what their team reads, and a stranger does not', async () => {
    const reads = async (person: typeof alice | typeof mallory) => {
      const answer = await stack.call(await stack.connect(person), 'get_file_tree', infra)
      return answer.isError
    }

    expect(await reads(alice)).toBe(false)
    // the objects are held now, and are still not hers
    expect(await reads(mallory)).toBe(true)
  })

  test('finds the code of their teams, and not that of others', async () => {
    const find = async (person: typeof alice | typeof mallory) =>
      (await stack.call(await stack.connect(person), 'search_code', { query: 'deploy' })).text

    expect(await find(alice)).toContain('harbor/infra')
    expect(await find(mallory)).not.toContain('harbor/infra')
  })
})
