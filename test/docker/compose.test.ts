import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { loadConfig } from '../../src/config/config.js'
import { findAll, readCommand, readEnv, readStages } from './dockerfile.js'

const Service = z.object({
  profiles: z.array(z.string()),
  image: z.string(),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  restart: z.string(),
  healthcheck: z.object({ test: z.array(z.string()) }),
  env_file: z.array(z.object({ path: z.string(), required: z.boolean() })).default([]),
  build: z.string().optional(),
  user: z.string().optional(),
  read_only: z.boolean().default(false),
  cap_drop: z.array(z.string()).default([]),
  security_opt: z.array(z.string()).default([]),
  tmpfs: z.array(z.string()).default([]),
  privileged: z.boolean().optional(),
  network_mode: z.string().optional(),
})
const Network = z.object({ ipam: z.object({ config: z.tuple([z.object({ subnet: z.string() })]) }) })
const { services, volumes, networks } = z
  .object({
    services: z.record(z.string(), Service),
    volumes: z.record(z.string(), z.unknown()),
    networks: z.object({ default: Network }),
  })
  .parse(parse(readFileSync('compose.yaml', 'utf8'), { merge: true }))
const ours = Object.entries(services).filter(([, service]) => service.build !== undefined)

/** What `aegis setup` writes for a proxy that ends TLS. */
const WRITTEN = {
  GITEA_URL: 'https://git.example.org',
  GITEA_OAUTH_CLIENT_ID: 'id',
  GITEA_OAUTH_CLIENT_SECRET: 'secret',
  OAUTH_STATE_SECRET: 'x'.repeat(32),
  PUBLIC_BASE_URL: 'https://mcp.example.org',
  MCP_HOST: '127.0.0.1',
  MCP_PORT: '9999',
}

test('there is a server for production, and one for trying with a Gitea beside it', () => {
  const byProfile = (profile: string) =>
    Object.entries(services)
      .filter(([, { profiles }]) => profiles.includes(profile))
      .map(([name]) => name)

  expect(byProfile('prod')).toEqual(['aegis'])
  expect(byProfile('dev')).toEqual(['aegis-dev', 'gitea'])
})

test.each(ours)('%s can change nothing but its own data', (_name, service) => {
  expect(service).toMatchObject({
    user: '1000:1000',
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    env_file: [{ path: '.env', required: false }],
  })
  expect(service.privileged ?? service.network_mode).toBeUndefined()
  expect(service.tmpfs).toEqual([expect.stringMatching(/^\/tmp:size=\d+m,noexec,nosuid,nodev$/)])
  const writable = service.volumes.filter((volume) => !volume.endsWith(':ro'))
  expect(writable).toEqual([expect.stringMatching(/^[\w-]+:\/data$/)])
  expect(volumes).toHaveProperty(writable[0]?.split(':')[0] ?? '')
})

test.each(Object.entries(services))('%s is reachable from this host only', (_name, { ports }) => {
  for (const port of ports) {
    expect(port).toMatch(/^127\.0\.0\.1:/)
  }
})

test.each(ours)('%s listens where its port leads, whatever .env says for running outside', (_name, service) => {
  const [image] = readStages('Dockerfile').slice(-1)
  const settings = { ...(image === undefined ? {} : readEnv(image)), ...WRITTEN, ...service.environment }

  const config = loadConfig(settings)

  expect(config.listen).toEqual({ host: '0.0.0.0', port: 8080 })
  expect(service.ports).toEqual(['127.0.0.1:8080:8080'])
  expect(config.databasePath).toBe('/data/aegis.db')
  expect(service.volumes).toContain('./policy:/etc/aegis:ro')
  expect(config.policyPath).toBe('/etc/aegis/policy.yaml')
})

test.each(ours)(
  '%s believes the client addresses of a proxy that comes through its own network, and no other',
  (_name, service) => {
    const { trustedProxies } = loadConfig({ ...WRITTEN, ...service.environment })
    const [{ subnet }] = networks.default.ipam.config
    const gateway = subnet.replace(/\.0\/24$/, '.1')

    expect(trustedProxies.check(gateway)).toBe(true)
    expect(trustedProxies.check('172.17.0.1')).toBe(false)
  },
)

test('the production server runs as production with the address that was set up', () => {
  const environment = services.aegis?.environment

  expect(environment).toMatchObject({ ENVIRONMENT: 'production' })
  expect(environment).not.toHaveProperty('PUBLIC_BASE_URL')
  expect(environment).not.toHaveProperty('GITEA_URL')
})

test.each(ours)('%s is probed as the image is', (_name, { healthcheck }) => {
  const [image] = readStages('Dockerfile').slice(-1)
  const [probe = ''] = image === undefined ? [] : findAll(image, 'HEALTHCHECK')

  // Compose reads $$ as a single dollar sign
  const [kind, ...command] = healthcheck.test.map((word) => word.replaceAll('$$', '$'))
  expect(kind).toBe('CMD')
  expect(command).toEqual(readCommand(probe))
})
