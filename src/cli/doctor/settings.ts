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
    return { checks: [ok('settings', 'complete, and they fit together'), ...notes], config }
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
