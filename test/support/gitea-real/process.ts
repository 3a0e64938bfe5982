/** A real Gitea as a child process: throw-away directory, SQLite, loopback only. */
import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The Gitea to test against: `GITEA_BIN`, else `gitea` on the PATH; undefined where there is none. */
export function findGiteaBinary(): string | undefined {
  const named = process.env.GITEA_BIN
  if (named) return named
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'gitea'))
    .find((file) => {
      // accessSync tells by throwing.
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

export interface GiteaProcessOptions {
  readonly port?: number
  readonly tokenLifetimeSeconds?: number
  readonly invalidateRefreshTokens?: boolean
}

export interface GiteaProcess {
  readonly url: string
  readonly pid: number
  /** Belongs to the caller while Gitea runs; removed by stop. */
  readonly directory: string
  /** A site administrator's token with every scope. */
  readonly rootToken: string
  stop(): Promise<void>
}

/** Login of the administrator the harness itself uses. */
export const rootLogin = 'harness-root'

async function findFreePort(): Promise<number> {
  const probe = createServer()
  const { promise, resolve } = Promise.withResolvers<void>()
  probe.listen(0, '127.0.0.1', resolve)
  await promise
  const { port } = probe.address() as AddressInfo // an IP server, so never a pipe's string
  const { promise: closed, resolve: done } = Promise.withResolvers<void>()
  probe.close(() => done())
  await closed
  return port
}

function configuration(directory: string, port: number, options: GiteaProcessOptions): string {
  const staticRoot = process.env.GITEA_STATIC_ROOT
  return [
    // Containers often have no other user than root, which Gitea refuses unless told so.
    ...(process.getuid?.() === 0 ? ['I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true'] : []),
    'RUN_MODE = prod',
    `RUN_USER = ${userInfo().username}`,
    `WORK_PATH = ${directory}`,
    '[server]',
    'HTTP_ADDR = 127.0.0.1',
    `HTTP_PORT = ${port}`,
    `ROOT_URL = http://127.0.0.1:${port}/`,
    'DISABLE_SSH = true',
    'LFS_START_SERVER = false',
    'OFFLINE_MODE = true',
    ...(staticRoot ? [`STATIC_ROOT_PATH = ${staticRoot}`] : []),
    '[database]',
    'DB_TYPE = sqlite3',
    `PATH = ${join(directory, 'gitea.db')}`,
    '[security]',
    'INSTALL_LOCK = true',
    'SECRET_KEY = throw-away',
    '[service]',
    'DISABLE_REGISTRATION = true',
    '[indexer]',
    'ISSUE_INDEXER_TYPE = db',
    // Not `immediate`: with SQLite it deadlocks on an issue that is created with an assignee.
    '[queue]',
    'TYPE = channel',
    '[webhook]',
    'ALLOWED_HOST_LIST = loopback',
    '[oauth2]',
    `ACCESS_TOKEN_EXPIRATION_TIME = ${options.tokenLifetimeSeconds ?? 3600}`,
    `INVALIDATE_REFRESH_TOKENS = ${options.invalidateRefreshTokens ?? false}`,
    '[log]',
    'LEVEL = Warn',
    '',
  ].join('\n')
}

const childEnvironment = (directory: string): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  HOME: directory,
  TZ: 'UTC',
  LC_ALL: 'C.UTF-8',
})

async function runCommand(binary: string, directory: string, args: readonly string[]): Promise<string> {
  const child = spawn(binary, ['--config', join(directory, 'app.ini'), ...args], { env: childEnvironment(directory) })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8')
  })
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8')
  })
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  child.on('error', reject)
  child.on('close', resolve)
  const code = await promise
  if (code !== 0) throw new Error(`gitea ${args.join(' ')} ended with ${code}:\n${output}`)
  return output
}

async function createRoot(binary: string, directory: string): Promise<string> {
  const user = ['--username', rootLogin, '--password', 'harness-passw0rd', '--email', 'root@harness.test']
  const flags = ['--admin', '--must-change-password=false', '--access-token', '--access-token-scopes', 'all']
  const output = await runCommand(binary, directory, ['admin', 'user', 'create', ...user, ...flags])
  const token = /\b[0-9a-f]{40}\b/.exec(output)?.[0]
  if (!token) throw new Error(`gitea printed no token:\n${output}`)
  return token
}

async function waitUntilServing(url: string, hasEnded: () => string | undefined): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const ended = hasEnded()
    if (ended !== undefined) throw new Error(`gitea ended while starting:\n${ended}`)
    const answer = await fetch(`${url}/api/v1/version`).catch(() => undefined) // not listening yet
    if (answer?.ok) return
    await sleep(100)
  }
  throw new Error('gitea did not serve within 30 seconds')
}

/** Starts Gitea in a directory of its own. Throws when there is no binary or it does not come up. */
export async function startGiteaProcess(options: GiteaProcessOptions): Promise<GiteaProcess> {
  const binary = findGiteaBinary()
  if (!binary) throw new Error('no Gitea found: set GITEA_BIN to its binary, or put gitea on the PATH')
  const directory = await mkdtemp(join(tmpdir(), 'gitea-real-'))
  const port = options.port ?? (await findFreePort())
  await writeFile(join(directory, 'app.ini'), configuration(directory, port, options))
  await runCommand(binary, directory, ['migrate'])
  const rootToken = await createRoot(binary, directory)
  const child = spawn(binary, ['--config', join(directory, 'app.ini'), 'web'], { env: childEnvironment(directory) })
  let output = ''
  let isOver = false
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-8000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  // A test run that dies must not leave a server behind.
  const killChild = (): void => {
    child.kill('SIGKILL')
  }
  process.once('exit', killChild)
  child.on('close', () => {
    process.removeListener('exit', killChild)
    isOver = true
    resolve()
  })
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await Promise.race([ended, sleep(5000)])
    if (!isOver) child.kill('SIGKILL')
    await ended
    await rm(directory, { recursive: true, force: true })
  }
  const url = `http://127.0.0.1:${port}`
  try {
    await waitUntilServing(url, () => (isOver ? output : undefined))
  } catch (error) {
    await stop() // nothing may stay behind
    throw error
  }
  return { url, pid: child.pid ?? 0, directory, rootToken, stop }
}
