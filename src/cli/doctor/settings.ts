import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Config, loadConfig } from '../../config/config.js'
import { findUnusedSettings } from '../../config/env.js'
import { InvalidInput } from '../../lib/errors.js'
import type { CommandIo } from '../command.js'
import { type Check, failed, ok, warning } from './check.js'

/** The settings as the server would read them; without a config nothing behind them can be checked. */
export function checkSettings(io: CommandIo): {
  readonly checks: readonly Check[]
  readonly config: Config | undefined
} {
  const notes = [...findUnusedSettings(io.env).map(toUnusedNote), ...checkPrivacy(io)]
  // wrong settings are the first thing to find here
  try {
    const config = loadConfig(io.env)
    return { checks: [ok('settings', 'complete, and they fit together'), ...notes, ...checkProxyTrust(config)], config }
  } catch (error) {
    if (!(error instanceof InvalidInput)) {
      throw error
    }
    const [, ...problems] = error.message.split('\n')
    const where = existsSync(join(io.cwd, '.env'))
      ? '.env'
      : '.env (there is none in this folder; aegis setup makes one)'
    return {
      checks: [
        ...problems.map((line) => failed('settings', line.replace(/^ *- /, ''), `Change it in ${where}.`)),
        ...notes,
      ],
      config: undefined,
    }
  }
}

/** Behind a proxy that is not trusted everybody shares one address, and with it one request rate and one lockout. */
function checkProxyTrust({ publicBaseUrl, trustedProxies }: Config): Check[] {
  return publicBaseUrl.startsWith('https:') && trustedProxies.rules.length === 0
    ? [
        warning(
          'settings',
          'TRUSTED_PROXIES is empty, so all clients count as the one address of the TLS proxy.',
          'Set it to the proxy’s address (127.0.0.1,::1 when it runs on this computer).',
        ),
      ]
    : []
}

function toUnusedNote(name: string): Check {
  return warning(
    'settings',
    `${name} is set, and means nothing in this version.`,
    'Remove it, so that nobody relies on it.',
  )
}

function checkPrivacy({ cwd }: CommandIo): Check[] {
  const file = join(cwd, '.env')
  if (process.platform === 'win32' || !existsSync(file) || (statSync(file).mode & 0o077) === 0) {
    return []
  }
  return [warning('settings', `${file} holds secrets and other users can read it.`, `chmod 600 ${file}`)]
}
