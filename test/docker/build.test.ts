import { execFile, spawn } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { listFiles } from '../contract/source-files.js'
import { findFreePort } from '../support/start-aegis.js'
import { createTempFolder } from '../support/temp-folder.js'
import {
  type Copy,
  filterContext,
  findAll,
  readCommand,
  readCopies,
  readEnv,
  readStages,
  type Stage,
} from './dockerfile.js'

const run = promisify(execFile)
const NODE_FOLDER = dirname(process.execPath)

/** A file system of one stage, under a folder, with what its COPY instructions bring. */
function copyInto(root: string, copies: readonly Copy[], sourceOf: (copy: Copy) => string): void {
  for (const copy of copies) {
    for (const source of copy.sources) {
      const from = join(sourceOf(copy), source)
      const target = copy.target.startsWith('/') ? join(root, copy.target) : join(root, 'app', copy.target)
      const isFolder = copy.target.endsWith('/')
      const isSame = basename(source) === basename(copy.target)
      mkdirSync(isFolder ? target : dirname(target), { recursive: true })
      cpSync(from, isFolder || !(isSame || copy.target.startsWith('/')) ? join(target, basename(source)) : target, {
        recursive: true,
        dereference: true,
      })
    }
  }
}

function copyContext(folder: string): void {
  for (const file of filterContext('.dockerignore', listFiles())) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    cpSync(file, join(folder, file))
  }
}

function listAll(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
}

function getStage(name: string): Stage {
  const stage = readStages('Dockerfile').find((each) => each.name === name)
  if (stage === undefined) {
    throw new Error(`the Dockerfile has no stage “${name}”`)
  }
  return stage
}

/*
 * There is no container engine where this runs. What the Dockerfile says is done by hand: its context, its COPY and
 * build commands, its variables with the paths moved, its CMD and its HEALTHCHECK. Packages are linked instead of
 * installed, and users, capabilities and the read-only root are the engine's own.
 */
test('what the Dockerfile builds starts, is healthy, writes to its data folder only, and stops when told', async () => {
  const folder = createTempFolder()
  const context = join(folder, 'context')
  const build = join(folder, 'build')
  const image = join(folder, 'image')
  copyContext(context)
  copyInto(build, readCopies(getStage('build')), () => context)
  symlinkSync(resolve('node_modules'), join(build, 'app', 'node_modules'))
  const [, buildCommand = ''] = findAll(getStage('build'), 'RUN')
  const path = `${NODE_FOLDER}:${process.env.PATH}`
  await run('sh', ['-c', buildCommand], { cwd: join(build, 'app'), env: { ...process.env, PATH: path } })
  const addon = join(folder, 'addon')
  cpSync('node_modules/better-sqlite3', join(addon, 'app/node_modules/better-sqlite3'), { recursive: true })
  const final = getStage('')
  copyInto(image, readCopies(final), ({ from }) => (from === undefined ? context : from === 'build' ? build : addon))

  const port = String(await findFreePort())
  const { DATABASE_PATH = '', POLICY_FILE_PATH = '', ...variables } = readEnv(final)
  const env = {
    ...variables,
    PATH: path,
    MCP_PORT: port,
    DATABASE_PATH: join(folder, DATABASE_PATH),
    POLICY_FILE_PATH: join(image, POLICY_FILE_PATH),
    GITEA_URL: 'http://127.0.0.1:9',
    GITEA_OAUTH_CLIENT_ID: 'id',
    GITEA_OAUTH_CLIENT_SECRET: 'secret',
    OAUTH_STATE_SECRET: 'x'.repeat(32),
    PUBLIC_BASE_URL: 'https://mcp.example.org',
  }
  const before = listAll(image)
  const [command = '', ...args] = readCommand(findAll(final, 'CMD')[0] ?? '')
  const server = spawn(command, args, { cwd: join(image, 'app'), env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((done) => server.once('exit', done))
  let log = ''
  await new Promise<void>((started, failed) => {
    server.stdout.on('data', (chunk: Buffer) => {
      log += chunk.toString()
      if (log.includes('"listening"')) {
        started()
      }
    })
    server.once('exit', () => failed(new Error(`it ended: ${log}`)))
  })

  const [probe = '', ...probeArgs] = readCommand(findAll(final, 'HEALTHCHECK')[0] ?? '')
  await expect(run(probe, probeArgs, { env })).resolves.toBeDefined()
  const { stdout: version } = await run(command, ['dist/aegis.mjs', 'version'], { cwd: join(image, 'app'), env })
  server.kill('SIGTERM')
  expect(await ended).toBe(0)
  await expect(run(probe, probeArgs, { env })).rejects.toMatchObject({ code: 1 })

  expect(version).toMatch(/^aegis \d/)
  expect(listAll(image)).toEqual(before)
  expect(listAll(join(folder, 'data'))).toEqual(expect.arrayContaining(['aegis.db', 'keys']))
}, 60_000)
