import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config/config.js'
import { listFiles } from '../contract/source-files.js'
import { filterContext, findAll, readCommand, readCopies, readEnv, readStages } from './dockerfile.js'

const stages = readStages('Dockerfile')
const final = stages.at(-1)
if (final === undefined) {
  throw new Error('the Dockerfile has no stage')
}
const env = readEnv(final)

const SETTINGS = {
  GITEA_URL: 'https://git.example.org',
  GITEA_OAUTH_CLIENT_ID: 'id',
  GITEA_OAUTH_CLIENT_SECRET: 'secret',
  OAUTH_STATE_SECRET: 'x'.repeat(32),
  PUBLIC_BASE_URL: 'https://mcp.example.org',
}

test('every stage stands on one small image with the runtime that the project asks for', () => {
  expect(new Set(stages.map(({ image }) => image))).toEqual(new Set(['node:24-bookworm-slim']))
})

test('the image runs as nobody in particular, writes to /data only and names what to run', () => {
  expect(findAll(final, 'USER')).toEqual(['1000:1000'])
  expect(findAll(final, 'VOLUME')).toEqual(['/data'])
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
  expect(readCommand(findAll(final, 'CMD')[0] ?? '').join(' ')).toBe(scripts.start)
  const written = Object.entries(env).filter(([name]) => name === 'DATABASE_PATH')
  expect(written).toEqual([['DATABASE_PATH', '/data/aegis.db']])
})

test('its variables are settings that the server accepts, in production, on every interface', () => {
  const config = loadConfig({ ...SETTINGS, ...env })

  expect(env.ENVIRONMENT).toBe('production')
  expect(config).toMatchObject({
    listen: { host: '0.0.0.0', port: 8080 },
    databasePath: '/data/aegis.db',
    policyPath: '/etc/aegis/policy.yaml',
  })
  expect(findAll(final, 'EXPOSE')).toEqual([String(config.listen.port)])
})

test('what was needed to build stays behind: no development packages, no sources, no tests', () => {
  const copied = readCopies(final).flatMap(({ sources }) => sources)

  expect(copied).toEqual([
    'package.json',
    'LICENSE',
    'migrations',
    'policy/policy.yaml',
    '/app/node_modules/better-sqlite3',
    '/app/dist/aegis.mjs',
    '/app/dist/aegis.mjs.map',
  ])
  const installs = stages.flatMap((stage) => findAll(stage, 'RUN').filter((text) => text.includes('npm ci')))
  expect(installs).toEqual([
    'npm ci --no-audit --no-fund',
    expect.stringMatching(/^npm ci --omit=dev --ignore-scripts --no-audit --no-fund && /),
  ])
})

test('the build sees the files it copies and nothing that a checkout keeps for itself', () => {
  const mine = [
    '.env',
    '.env.before-2026',
    'data/aegis.db',
    'data/keys/audit-signing.json',
    'node_modules/x/y.js',
    'dist/aegis.mjs',
    '.git/config',
  ]
  const context = filterContext('.dockerignore', [...listFiles(), ...mine])
  const copied = stages.flatMap(readCopies).filter(({ from }) => from === undefined)

  for (const source of copied.flatMap(({ sources }) => sources)) {
    expect(
      context.some((file) => file === source || file.startsWith(`${source}/`)),
      source,
    ).toBe(true)
  }
  expect(context.filter((file) => mine.includes(file))).toEqual([])
  const needed = copied.flatMap(({ sources }) => sources)
  expect(context.filter((file) => !needed.some((path) => file === path || file.startsWith(`${path}/`)))).toEqual([])
})
