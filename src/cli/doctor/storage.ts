import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Config } from '../../config/config.js'
import { loadKeys } from '../../config/key-files.js'
import { openStoreBeside } from '../../db/open.js'
import { InvalidInput, toErrorText } from '../../lib/errors.js'
import { loadPolicy, type PolicySettings } from '../../policy/load.js'
import type { CommandIo } from '../command.js'
import { findMigrationState, findMigrationsFolder, toDatabasePath, toKeyFolder, toPolicyPath } from '../state-file.js'
import { type Check, failed, ok } from './check.js'

/** The files the server lives on. Makes none of them: what is missing is made at the first start. */
export function checkStorage(config: Config, known: Omit<PolicySettings, 'file'>, io: CommandIo): Check[] {
  const path = toDatabasePath(io)
  return [
    existsSync(path) ? checkDatabase(path) : checkNewDatabase(path),
    ...checkKeys(config, path),
    checkPolicy(toPolicyPath(io), known),
  ]
}

function checkNewDatabase(path: string): Check {
  const folder = findExisting(dirname(path))
  if (!statSync(folder).isDirectory()) {
    return failed(
      'database',
      `${path} cannot be made: ${folder} is not a folder.`,
      'Set DATABASE_PATH to another place.',
    )
  }
  return isWritable(folder)
    ? ok('database', `${path} will be made at the first start`)
    : failed(
        'database',
        `${path} cannot be made: this user may not write in ${folder}.`,
        'Change its owner, or DATABASE_PATH.',
      )
}

function checkDatabase(path: string): Check {
  const step = 'database'
  if (!isWritable(path) || !isWritable(dirname(path))) {
    return failed(
      step,
      `This user may not write ${path} and its folder.`,
      'Run as the server’s user, or change the owner.',
    )
  }
  // a file that is no database is a finding
  try {
    const store = openStoreBeside(path, { readonly: true })
    try {
      const { applied, pending, foreign } = findMigrationState(store.sqlite, findMigrationsFolder())
      if (foreign.length > 0) {
        return failed(
          step,
          `${path} was written by another version (${foreign.join(', ')}).`,
          'Run that version, or restore a backup.',
        )
      }
      const update = pending.length === 0 ? 'up to date' : 'the next start updates it'
      return ok(step, `${path}, ${update} (migrations applied: ${applied})`)
    } finally {
      store.close()
    }
  } catch (error) {
    return failed(step, `${path} cannot be read: ${toErrorText(error)}.`, 'Restore a backup, or set DATABASE_PATH.')
  }
}

function checkKeys(config: Config, databasePath: string): Check[] {
  const step = 'keys'
  const folder = toKeyFolder(databasePath)
  const given = [
    ...(config.keys.tokenEncryption === undefined ? [] : ['token-encryption.json']),
    ...(config.keys.auditSigningPath === undefined ? [] : ['audit-signing.json']),
  ]
  const present = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : []
  const open =
    process.platform === 'win32' ? [] : present.filter((name) => (statSync(join(folder, name)).mode & 0o077) !== 0)
  if (open.length > 0) {
    return [failed(step, `Other users can read ${open.join(' and ')} in ${folder}.`, `chmod 600 ${folder}/*.json`)]
  }
  if (new Set([...given, ...present]).size < 2) {
    return existsSync(databasePath)
      ? [
          failed(
            step,
            `A key file is missing in ${folder}, and the database is there already.`,
            'Restore the keys from a backup: what they encrypted cannot be read without them, and the server does not start.',
          ),
        ]
      : [ok(step, `${folder} will be made at the first start`)]
  }
  // a damaged key file is a finding
  try {
    loadKeys({ databasePath, keys: config.keys })
    return [ok(step, given.length === 2 ? 'given by the settings' : `${folder}, private`)]
  } catch (error) {
    const found = error instanceof InvalidInput ? error.message : `The keys in ${folder} cannot be read.`
    return [failed(step, found, 'Restore them from a backup.')]
  }
}

function checkPolicy(path: string, known: Omit<PolicySettings, 'file'>): Check {
  // each problem of a broken policy is already a sentence with its line
  try {
    loadPolicy(path, known)
    return ok('policy', `${path} can be used`)
  } catch (error) {
    if (!(error instanceof InvalidInput)) {
      throw error
    }
    return failed('policy', error.message, 'aegis policy check shows the same while you mend it.')
  }
}

function findExisting(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : findExisting(dirname(folder))
}

function isWritable(path: string): boolean {
  // access is answered by throwing
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}
