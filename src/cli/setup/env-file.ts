import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname } from 'node:path'
import { parseEnv } from 'node:util'
import { envSections } from '../../config/env.js'
import { InvalidInput } from '../../lib/errors.js'
import { toErrorCode } from '../command.js'

export interface EnvFileContent {
  readonly giteaUrl: string
  readonly publicUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly stateSecret: string
  readonly writeRepositories: readonly string[]
  /** For a comment: what the application is called and whose it is. */
  readonly application: { readonly name: string; readonly owner: string }
}

/** The text of an `.env` that the server starts with. */
export function toEnvFile(content: EnvFileContent): string {
  const { application, publicUrl, writeRepositories } = content
  const writes: readonly [string, string][] =
    writeRepositories.length === 0
      ? [['WRITE_MODE', 'false']]
      : [
          ['WRITE_MODE', 'true'],
          ['WRITE_REPOSITORY_WHITELIST', writeRepositories.join(',')],
        ]
  const sections: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
    [
      `Gitea: the application “${application.name}” belongs to ${application.owner} and goes away with that account.`,
      [
        ['GITEA_URL', content.giteaUrl],
        ['GITEA_OAUTH_CLIENT_ID', content.clientId],
        ['GITEA_OAUTH_CLIENT_SECRET', content.clientSecret],
      ],
    ],
    ['This server', [['PUBLIC_BASE_URL', publicUrl], ...toListenSettings(publicUrl)]],
    ['Signing in', [['OAUTH_STATE_SECRET', content.stateSecret]]],
    ['Changes by AI clients; the policy file must allow the tools, too', writes],
  ]
  return [
    '# Written by aegis setup. Keep it private: it holds secrets. Every other setting: docs/configuration.md',
    ...sections.flatMap(([title, settings]) => [
      '',
      `# --- ${title}`,
      ...settings.flatMap(([name, value]) => [`# ${describe(name)}`, `${name}=${value}`]),
    ]),
    '',
  ].join('\n')
}

/** On this computer the public address is the listening one; anything else has a TLS proxy in front. */
function toListenSettings(publicUrl: string): [string, string][] {
  const { hostname, port, protocol } = new URL(publicUrl)
  if (protocol === 'https:') {
    return [['TRUSTED_PROXIES', '127.0.0.1,::1']]
  }
  const listen: [string, string][] = [['MCP_PORT', port === '' ? '80' : port]]
  return hostname === '[::1]' ? [['MCP_HOST', '::1'], ...listen] : listen
}

function describe(name: string): string {
  const settings: Record<string, { description?: string | undefined }> = Object.assign(
    {},
    ...Object.values(envSections),
  )
  return settings[name]?.description ?? ''
}

export interface PendingEnvFile {
  /** Puts the file in place, whole and private. Returns where the earlier one was kept, if there was one. */
  commit(text: string): { readonly backup: string | undefined; readonly droppedSettings: readonly string[] }
  /** Leaves everything as it was. Harmless after `commit`. */
  abandon(): void
}

/**
 * Makes sure that `path` can be written, before anything else is changed.
 *
 * @param suffix names the backup of an earlier file, e.g. a time
 * @throws InvalidInput when it exists and `replaces` is false, or its folder cannot be written
 */
export function prepareEnvFile(
  path: string,
  { replaces, suffix }: { replaces: boolean; suffix: string },
): PendingEnvFile {
  if (existsSync(path) && !replaces) {
    throw new InvalidInput(
      `${path} exists already. Give --force to replace it (the old one is kept beside it), or --settings-file for another place.`,
    )
  }
  const unfinished = `${path}.${process.pid}.part`
  const fd = openPrivate(unfinished, path)
  const close = onlyOnce(() => closeSync(fd))
  return {
    commit: (text) => {
      writeFileSync(fd, text)
      fsyncSync(fd)
      close()
      const earlier = existsSync(path) ? readFileSync(path, 'utf8') : undefined
      const backup = earlier === undefined ? undefined : `${path}.${suffix}`
      if (backup !== undefined) {
        copyFileSync(path, backup)
        chmodSync(backup, 0o600)
      }
      renameSync(unfinished, path)
      const kept = new Set(Object.keys(parseEnv(text)))
      return { backup, droppedSettings: Object.keys(parseEnv(earlier ?? '')).filter((name) => !kept.has(name)) }
    },
    abandon: () => {
      close()
      rmSync(unfinished, { force: true })
    },
  }
}

function openPrivate(unfinished: string, path: string): number {
  const words: Readonly<Record<string, string>> = {
    ENOENT: `there is no folder ${dirname(path)}`,
    ENOTDIR: `${dirname(path)} is not a folder`,
    EACCES: `this user may not write in ${dirname(path)}`,
    EROFS: 'the file system is read-only',
    ENOSPC: 'the disk is full',
  }
  // what the file system says becomes words for the operator
  try {
    const fd = openSync(unfinished, 'wx', 0o600)
    chmodSync(unfinished, 0o600)
    return fd
  } catch (error) {
    const why = words[toErrorCode(error)]
    if (why === undefined) {
      throw error
    }
    throw new InvalidInput(`${basename(path)} cannot be written: ${why}. Say where with --settings-file.`, {
      cause: error,
    })
  }
}

function onlyOnce(work: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) {
      isDone = true
      work()
    }
  }
}
