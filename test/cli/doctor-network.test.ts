import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { findFreePort } from '../support/start-aegis.js'
import { useDoctorGround } from './doctor-ground.js'

const ground = useDoctorGround()
const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

type Answer = (path: string) => { status: number; headers?: Record<string, string>; body?: string }

/** A proxy that answers some paths by itself and passes the rest to `target`. */
async function startProxy(target: string, answer: (path: string) => ReturnType<Answer> | undefined): Promise<string> {
  const server = createServer(async (request, response) => {
    const own = answer(request.url ?? '/')
    if (own !== undefined) {
      response.writeHead(own.status, own.headers).end(own.body ?? '')
      return
    }
    const chunks: Buffer[] = []
    for await (const chunk of request) {
      chunks.push(Buffer.from(chunk))
    }
    const passed = await fetch(`${target}${request.url}`, {
      method: request.method ?? 'GET',
      headers: Object.fromEntries(
        Object.entries(request.headers).flatMap(([name, value]) =>
          typeof value === 'string' && !['host', 'connection', 'content-length'].includes(name) ? [[name, value]] : [],
        ),
      ),
      redirect: 'manual',
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
    })
    response.writeHead(passed.status, [...passed.headers].flat()).end(Buffer.from(await passed.arrayBuffer()))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('what is wrong with the application in Gitea is told apart', async () => {
  const place = await ground.install()
  const otherPort = await findFreePort()

  const unknown = await place.doctor({ GITEA_OAUTH_CLIENT_ID: '00000000-0000-4000-8000-000000000000' })
  const secret = await place.doctor({ GITEA_OAUTH_CLIENT_SECRET: 'gto_wrong' })
  const redirect = await place.doctor({ PUBLIC_BASE_URL: `http://127.0.0.1:${otherPort}` })

  expect(unknown.trouble).toMatch(/Gitea has no application with the id 0000.*aegis setup/)
  expect(secret.trouble).toMatch(/does not accept GITEA_OAUTH_CLIENT_SECRET\. Run aegis setup --force/)
  expect(secret.trouble).not.toContain('gto_wrong')
  expect(redirect.trouble).toContain(
    `redirect address: http://127.0.0.1:${otherPort}/oauth/callback is not a redirect URI of the application.`,
  )
})

test('asking uses up nothing at Gitea: no sign-in, no grant, no token', async () => {
  const place = await ground.install()
  const before = ground.gitea.requests.length

  await place.doctor()

  const asked = ground.gitea.requests.slice(before).map(({ method, path }) => `${method} ${path}`)
  expect(asked).toEqual([
    'GET /api/v1/version',
    'GET /.well-known/openid-configuration',
    'GET /swagger.v1.json',
    'POST /login/oauth/access_token',
    'POST /login/oauth/introspect',
  ])
})

test('what is wrong with Gitea is named, and the server is checked all the same', async () => {
  const place = await ground.install()
  await place.start()
  const walk = async (rule: Parameters<typeof ground.gitea.fault>[0]) => {
    ground.gitea.fault(rule)
    const { findings, trouble } = await place.doctor()
    expect(findings.find(({ step }) => step === 'discovery of sign-in')).toMatchObject({ status: 'ok' })
    return trouble
  }

  expect(await walk({ destroySocket: true })).toMatch(/Gitea answers: .*cannot be reached/)
  expect(await walk({ path: 'openid-configuration', status: 404 })).toMatch(/sign-in for applications is off/)
  expect(await walk({ path: 'access_token', html: true })).toMatch(/token endpoint answers something unexpected .*502/)
  expect(await walk({ path: 'introspect', status: 401, body: 'no' })).toMatch(/introspection: .*Authorization header/)
})

test('a Gitea that keeps strangers out is not mistaken for a broken one', async () => {
  const place = await ground.install()
  await place.start()
  ground.gitea.fault({ path: '/api/v1/version', status: 403, body: '{}' })

  const { code, findings } = await place.doctor()

  expect(code).toBe(0)
  expect(findings.find(({ step }) => step === 'Gitea answers')?.found).toContain('signed-in people only')
})

test('clocks that disagree by more than a minute are a failure', async () => {
  const place = await ground.install()
  const wrongDate = new Date(Date.now() - 300_000).toUTCString()
  const proxy = await startProxy(ground.gitea.url, (path) =>
    path === '/api/v1/version'
      ? { status: 200, headers: { date: wrongDate }, body: JSON.stringify({ version: '1.25.3' }) }
      : undefined,
  )

  const { trouble } = await place.doctor({ GITEA_URL: proxy })

  expect(trouble).toMatch(/clocks agree: Gitea’s clock is (299|300) seconds behind this computer’s\. Set both by NTP/)
})

test('a Gitea that calls itself something else is a note, because it may be meant', async () => {
  const place = await ground.install()
  await place.start()
  const proxy = await startProxy(ground.gitea.url, () => undefined)

  const { code, trouble } = await place.doctor({ GITEA_URL: proxy })

  expect(code).toBe(0)
  expect(trouble).toContain(`Gitea calls itself ${ground.gitea.url}, and GITEA_URL is ${proxy}.`)
})

test('a proxy that does not lead to the running server is told from a server that is not there', async () => {
  const place = await ground.install()
  await place.start()
  const nowhere = `http://127.0.0.1:${await findFreePort()}`
  const wrong = await startProxy(place.url, () => ({ status: 502, body: '<html>Bad Gateway</html>' }))
  const moving = await startProxy(place.url, () => ({ status: 301, headers: { location: 'https://new.example/' } }))

  expect((await place.doctor({ PUBLIC_BASE_URL: nowhere })).trouble).toMatch(
    new RegExp(`It runs at ${place.url}, but ${nowhere} cannot be reached: nothing listens there`),
  )
  expect((await place.doctor({ PUBLIC_BASE_URL: wrong })).trouble).toMatch(/but .* answers 502\. The proxy must pass/)
  expect((await place.doctor({ PUBLIC_BASE_URL: moving })).trouble).toMatch(/sends on to https:\/\/new\.example\//)
})

test('a server that runs with another public address is found out', async () => {
  const place = await ground.install()
  await place.start()
  const proxy = await startProxy(place.url, () => undefined)

  const { code, trouble } = await place.doctor({ PUBLIC_BASE_URL: proxy })

  expect(code).toBe(1)
  expect(trouble).toContain(`It names ${place.url}/mcp, and clients are given ${proxy}/mcp.`)
  expect(trouble).toContain(`Its issuer is ${place.url}, and PUBLIC_BASE_URL is ${proxy}.`)
  expect(trouble).toContain('The challenge does not name the metadata.')
})

test('paths that a proxy keeps from the server are named', async () => {
  const place = await ground.install()
  const page = { status: 404, body: '<html>not here</html>' }
  const hidden = new Set(['/.well-known/oauth-authorization-server', '/health'])
  const proxy = await startProxy(place.url, (path) => (hidden.has(path) ? page : undefined))
  const proxied = await ground.install({ PUBLIC_BASE_URL: proxy, MCP_PORT: new URL(place.url).port })
  await proxied.start()

  const { trouble } = await proxied.doctor()

  expect(trouble).toMatch(/\/health is not answered by this server \(status 404\)\. The proxy must pass every path/)
  expect(trouble).toMatch(/\/\.well-known\/oauth-authorization-server is not answered by this server/)
})

test('a server that refuses calls tells why', async () => {
  const place = await ground.install()
  await place.start()
  ground.gitea.fault({ destroySocket: true })

  const { trouble } = await place.doctor()

  expect(trouble).toMatch(/server is ready: gitea: Gitea does not answer/)
})

test('a server that an admin has made read-only or stopped says so', async () => {
  const place = await ground.install()
  const { app } = await place.start()

  app.gate.panic.turnOn({ level: 'read_only', by: 'carol' })
  const reading = await place.doctor()
  app.gate.panic.turnOn({ level: 'stop', by: 'carol' })
  const stopped = await place.doctor()

  expect(reading).toMatchObject({ code: 0, trouble: expect.stringMatching(/panic: .*read-only.*aegis panic status/) })
  expect(stopped.trouble).toMatch(/panic: .*nobody can sign in.*aegis panic off/)
})

test('registration can be left out, and is told when it is off', async () => {
  const place = await ground.install()
  await place.start()
  const closed = await ground.install({ DCR_ENABLED: 'false' })
  await closed.start()

  const left = await place.doctor({}, '--no-register')
  const off = await closed.doctor()

  expect(left.code).toBe(0)
  expect(left.findings.find(({ step }) => step === 'registration of clients')?.status).toBe('skipped')
  expect(left.findings.find(({ step }) => step === 'way to sign in')?.status).toBe('skipped')
  expect(off.code).toBe(0)
  expect(off.trouble).toMatch(/DCR_ENABLED is off/)
})

test('a server that sends people to another Gitea is found out', async () => {
  const place = await ground.install()
  const proxy = await startProxy(ground.gitea.url, (path) =>
    path === '/.well-known/openid-configuration'
      ? {
          status: 200,
          body: JSON.stringify({
            issuer: 'https://elsewhere.example',
            authorization_endpoint: 'https://elsewhere.example/login/oauth/authorize',
            token_endpoint: 'https://elsewhere.example/login/oauth/access_token',
            introspection_endpoint: 'https://elsewhere.example/login/oauth/introspect',
          }),
        }
      : undefined,
  )
  await place.start()

  const { trouble } = await place.doctor({ GITEA_URL: proxy })

  expect(trouble).toMatch(/Browsers are sent to .* instead of https:\/\/elsewhere\.example/)
})
