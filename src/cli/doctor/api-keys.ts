import { existsSync } from 'node:fs'
import type { Config } from '../../config/config.js'
import { openStoreBeside, type Store } from '../../db/open.js'
import { createGiteaTransport } from '../../gitea/client.js'
import { type ApiKey, createApiKeys, toState } from '../../identity/api-keys.js'
import { createServiceAccess } from '../../identity/service-access.js'
import type { Person } from '../../identity/service-account.js'
import { systemClock } from '../../lib/clock.js'
import { toErrorText } from '../../lib/errors.js'
import { createSilentLogger } from '../../lib/logger.js'
import { MIB } from '../../lib/units.js'
import { findSignedIn } from '../../oauth/token-vault.js'
import type { CommandIo } from '../command.js'
import { findOldKeys } from '../keys/report.js'
import { findMigrationState, findMigrationsFolder, toDatabasePath } from '../state-file.js'
import { type Check, failed, ok, warning } from './check.js'

const STEP = 'API keys'
const OLD_DAYS = 90

/**
 * Keys, and the ways in that need none. Nothing where there are none of them.
 *
 * @param isReadable whether the database was found to be in order
 */
export async function checkApiKeys(config: Config, isReadable: boolean, io: CommandIo): Promise<Check[]> {
  const openings = checkOpenings(config)
  const path = toDatabasePath(io)
  if (!isReadable || !existsSync(path)) {
    return openings
  }
  const store = openStoreBeside(path, { readonly: true })
  try {
    const { pending } = findMigrationState(store.sqlite, findMigrationsFolder())
    // a database of an earlier version has no keys
    return pending.length > 0 ? openings : [...openings, ...(await checkKeys(config, store))]
  } finally {
    store.close()
  }
}

function checkOpenings({ apiKeys }: Config): Check[] {
  return [
    ...(apiKeys.openAs === undefined
      ? []
      : [
          warning(
            'authentication',
            `AUTH_ENABLED=false: everyone who reaches this server works as ${apiKeys.openAs}.`,
            'Set AUTH_ENABLED=true when the tests are done.',
          ),
        ]),
    ...(apiKeys.allowInAddress
      ? [
          warning(
            STEP,
            'ALLOW_QUERY_API_KEY is on: keys in addresses end up in the logs of everything on the way.',
            'Let clients send the header Authorization, and remove it.',
          ),
        ]
      : []),
  ]
}

async function checkKeys(config: Config, store: Store): Promise<Check[]> {
  const now = systemClock.now()
  const keys = createApiKeys(store, systemClock).list()
  const valid = keys.filter((key) => toState(key, now) === 'valid')
  const { fromSettings } = config.apiKeys
  if (valid.length + fromSettings.length === 0) {
    return []
  }
  const old = findOldKeys(keys, now, OLD_DAYS)
  return [
    old.length === 0
      ? ok(
          STEP,
          `${valid.length} in the database, none older than ${OLD_DAYS} days; ${fromSettings.length} in settings`,
        )
      : warning(
          STEP,
          `Older than ${OLD_DAYS} days: ${old.map(({ id, hint }) => `${id} (${hint})`).join(', ')}.`,
          'aegis keys rotate <id>, for each of them.',
        ),
    ...(await checkPeople(config, store, valid)),
  ]
}

/** Whether the people whom keys stand for are there, as far as anybody here can tell. */
async function checkPeople(config: Config, store: Store, valid: readonly ApiKey[]): Promise<Check[]> {
  const step = 'people of API keys'
  const find = createFinder(config, store)
  const byLogin = new Map<string, Set<string>>()
  const add = (login: string, name: string) => byLogin.set(login, (byLogin.get(login) ?? new Set()).add(name))
  for (const { person, id } of valid) {
    add(person.login, id)
  }
  for (const { login } of config.apiKeys.fromSettings) {
    add(login, 'MCP_API_KEYS')
  }
  const gone: Check[] = []
  // Gitea being away is a finding of its own, made before
  try {
    for (const [login, names] of byLogin) {
      const found = await find.person(login)
      const isOther = valid.some(({ person }) => person.login === login && person.accountId !== found?.accountId)
      if (found === undefined || isOther) {
        gone.push(failed(step, `${find.describe(login)} Their keys: ${[...names].join(', ')}.`, find.fix))
      }
    }
  } catch (error) {
    return [warning(step, `Gitea does not say whether they are there: ${toErrorText(error)}`, 'Try again later.')]
  } finally {
    await find.close()
  }
  return gone
}

interface Finder {
  person(login: string): Promise<Person | undefined>
  describe(login: string): string
  readonly fix: string
  close(): Promise<void>
}

function createFinder({ gitea: { serviceToken: token, url: baseUrl, timeoutMs } }: Config, store: Store): Finder {
  if (token === undefined) {
    return {
      person: async (login) => findSignedIn(store, login),
      describe: (login) => `${login} has no sign-in kept here, so nothing leads to Gitea for them.`,
      fix: 'Let them connect a client once, or set GITEA_TOKEN.',
      close: async () => {},
    }
  }
  const gitea = createGiteaTransport({ baseUrl, timeoutMs, maxResponseBytes: MIB })
  const service = createServiceAccess({
    gitea,
    token,
    store,
    clock: systemClock,
    ttlMs: 0,
    log: createSilentLogger(),
  })
  return {
    person: (login) => service.findPerson(login),
    describe: (login) => `Gitea has no account ${login} any more that is theirs and may work.`,
    fix: 'Revoke them (aegis keys revoke <id>) or correct the login in the settings.',
    close: () => gitea.close(),
  }
}
