import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Connection } from '../support/connect-client.js'
import { checkAudit, readAudit } from '../support/read-audit.js'
import { seedSecrets } from '../support/seed-secrets.js'
import { startGitea } from '../support/start-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

const SECRET_FILE = { owner: 'harbor', repo: 'infra', filepath: 'deploy/booking.env' }

let stack: Stack
let alice: Connection

beforeAll(async () => {
  stack = await startStack(await startGitea())
  alice = await stack.connect()
})

afterAll(async () => {
  await checkAudit(stack.aegis)
  await stack.close()
  await stack.gitea.close()
})

describe('secrets in a file', () => {
  test('are masked where they stand; everything else of the file is there', async () => {
    const { text } = await stack.call(alice, 'get_file_contents', SECRET_FILE)

    for (const secret of Object.values(seedSecrets)) {
      expect(text).not.toContain(secret)
    }
    expect(text).toContain('AWS_REGION=eu-north-1')
    expect(text).toMatch(/GITEA_TOKEN=\[/)
    expect((await readAudit(stack.aegis)).at(-1)).toMatchObject({ status: 'success', outcome: { masked: 4 } })
  })

  test('withhold the text altogether in block mode', async () => {
    const blocking = await startStack(stack.gitea, { settings: { SECRET_DETECTION_MODE: 'block' } })
    const connection = await blocking.connect()

    const { text } = await blocking.call(connection, 'get_file_contents', SECRET_FILE)

    expect(text).not.toContain('AWS_REGION')
    expect(text).toMatch(/secret/i)
    await blocking.close()
  })

  test('pass when the operator has switched detection off, and stay out of the log even then', async () => {
    const open = await startStack(stack.gitea, { settings: { SECRET_DETECTION_MODE: 'off' } })
    const connection = await open.connect()

    const { text } = await open.call(connection, 'get_file_contents', SECRET_FILE)
    await open.call(connection, 'search_repositories', { query: seedSecrets.awsAccessKeyId })

    expect(text).toContain(seedSecrets.giteaToken)
    expect(JSON.stringify(await readAudit(open.aegis))).not.toContain(seedSecrets.awsAccessKeyId)
    await open.close()
  })

  test('stay masked when only a part of the file is asked for', async () => {
    const key = [
      '-----BEGIN PRIVATE KEY-----',
      ...Array.from(
        { length: 12 },
        (_, i) => `${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj'}${String.fromCharCode(65 + i).repeat(24)}`,
      ),
      '-----END PRIVATE KEY-----',
    ]
    await stack.gitea.commit('harbor', 'infra', {
      files: { 'deploy/server.pem': `${key.join('\n')}\n` },
      message: 'Add the server key',
      author: 'bob',
    })

    const { text } = await stack.call(alice, 'get_file_contents', {
      owner: 'harbor',
      repo: 'infra',
      filepath: 'deploy/server.pem',
      start_line: 4,
      end_line: 9,
    })

    expect(text).not.toContain('MIIEvQIBADANBgkq')
  })
})

describe('tokens', () => {
  test('stand in no file, log line, audit entry, metric or answer in the clear', async () => {
    await stack.call(alice, 'get_me')
    await stack.aegis.app.gate.audit.flush()
    const token = await readGiteaToken()
    const metrics = await (await fetch(`${stack.url}/metrics`)).text()
    const folder = join(stack.folder, 'data')
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(db|db-wal|json)$/.test(name))
      .map((name) => readFileSync(join(folder, name)).toString('latin1'))

    const places = [...files, ...stack.aegis.logLines, JSON.stringify(await readAudit(stack.aegis)), metrics]

    expect(files.length).toBeGreaterThan(1)
    for (const secret of [token, alice.accessToken, alice.refreshToken]) {
      expect(secret.length).toBeGreaterThan(20)
      expect(places.filter((place) => place.includes(secret))).toEqual([])
    }
  })
})

/** The Gitea token behind alice's connection, as only the server can read it. */
async function readGiteaToken(): Promise<string> {
  const { gate } = stack.aegis.app
  let seen = ''
  const original = gate.gitea.as
  Object.assign(gate.gitea, {
    as: (credential: { token(): Promise<string> }, options: Parameters<typeof original>[1]) => {
      const capturing = {
        token: async () => {
          seen = await credential.token()
          return seen
        },
        renew: async () => seen,
      }
      return original(capturing, options)
    },
  })
  await stack.call(alice, 'get_me')
  Object.assign(gate.gitea, { as: original })
  return seen
}
