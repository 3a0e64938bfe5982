import { parseArgs } from 'node:util'
import { leaveEvent } from '../audit/outbox.js'
import { loadConfig } from '../config/config.js'
import type { Store } from '../db/open.js'
import { createGiteaTransport } from '../gitea/client.js'
import { type ApiKey, createApiKeys, type MadeApiKey, toState } from '../identity/api-keys.js'
import { createServiceAccess } from '../identity/service-access.js'
import type { Person } from '../identity/service-account.js'
import { type Clock, systemClock, toIsoTime } from '../lib/clock.js'
import { InvalidInput, NotFound } from '../lib/errors.js'
import { createSilentLogger } from '../lib/logger.js'
import { MIB } from '../lib/units.js'
import { findSignedIn } from '../oauth/token-vault.js'
import { parseAdminName, parseLine } from './admin-name.js'
import { type Command, type CommandIo, Misuse, printLines } from './command.js'
import { parseDays, parseDuration, parseEnd, parseRepositories, parseScopeList } from './keys/options.js'
import { describeEnd, describeLimits, findOldKeys, listSettingsKeys, toJson, toLines } from './keys/report.js'
import { withStore } from './state-file.js'

/** `aegis keys`: API keys for clients that cannot sign in. */
export const keysCommand: Command = createKeysCommand(systemClock)

const OPTIONS = {
  user: { type: 'string' },
  name: { type: 'string' },
  scopes: { type: 'string', default: 'read:repository' },
  'read-only': { type: 'boolean', default: false },
  repositories: { type: 'string' },
  expires: { type: 'string', default: '90d' },
  grace: { type: 'string', default: '7d' },
  days: { type: 'string', default: '90' },
  by: { type: 'string' },
  all: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const

type Options = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values']

/** What each action takes besides its arguments; anything else is a misunderstanding. */
const ACTIONS: Readonly<Record<string, { readonly takesId: boolean; readonly options: readonly string[] }>> = {
  generate: {
    takesId: false,
    options: ['user', 'name', 'scopes', 'read-only', 'repositories', 'expires', 'by'],
  },
  list: { takesId: false, options: ['all', 'json'] },
  rotate: { takesId: true, options: ['grace', 'by'] },
  revoke: { takesId: true, options: ['all', 'by'] },
  'check-age': { takesId: false, options: ['days'] },
}

export function createKeysCommand(clock: Clock): Command {
  return {
    name: 'keys',
    summary: 'generate, list, rotate or revoke API keys for clients that cannot sign in',
    usage: `aegis keys generate --user <login> [--name <text>] [--scopes <list>] [--read-only]
                    [--repositories <owner/name,…>] [--expires <90d|12h|2030-01-31|never>] [--by <name>]
  Makes a key that works as this person of Gitea, and prints it once. It reads unless --scopes says
  write:repository, and ends after 90 days unless --expires says otherwise.

aegis keys list [--all] [--json]
  The keys that count, and with --all also those that ended. A key itself is never shown again.

aegis keys rotate <id> [--grace <7d|12h>] [--by <name>]
  A new key in place of one; that one works on for the time of grace, so that clients can be changed over.

aegis keys revoke <id> [--by <name>]
aegis keys revoke --all [--by <name>]
  Ends a key, or every key there is, with the next request.

aegis keys check-age [--days <90>]
  Names keys older than that; exit code 1 when there are any. For cron.

Each change is an entry in the audit log, with --by or your user name on this computer. The keys that encrypt and sign
what the server stores are another matter: aegis keyring.
`,
    async run(args, io) {
      const { action, id, values } = parseCall(args)
      switch (action) {
        case 'generate':
          return generate(values, clock, io)
        case 'list':
          return list(values, clock, io)
        case 'rotate':
          return rotate(id, values, clock, io)
        case 'revoke':
          return revoke(id, values, clock, io)
        default:
          return checkAge(values, clock, io)
      }
    },
  }
}

function parseCall(args: readonly string[]) {
  const { positionals, values, tokens } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: OPTIONS,
    tokens: true,
  })
  const [action = '', id = '', ...more] = positionals
  const known = ACTIONS[action]
  if (known === undefined) {
    throw new Misuse(
      action === ''
        ? `Name what to do: ${Object.keys(ACTIONS).join(', ')}.`
        : `There is no “aegis keys ${action.slice(0, 60)}”. ${/^rotate-|encryption|signing/.test(action) ? 'For the keys of the server itself: aegis keyring.' : ''}`,
    )
  }
  const needsId = known.takesId && !values.all
  if (needsId ? id === '' : id !== '') {
    throw new Misuse(needsId ? 'Name the key by its id: aegis keys list.' : `${id} does not go with that.`)
  }
  const stray = tokens.find((token) => token.kind === 'option' && !known.options.includes(token.name))
  if (more.length > 0 || stray !== undefined) {
    const what = stray?.kind === 'option' ? stray.rawName : more[0]
    throw new Misuse(`${what} does not go with ${action}.`)
  }
  return { action, id, values }
}

async function generate(values: Options, clock: Clock, io: CommandIo): Promise<number> {
  if (values.user === undefined) {
    throw new Misuse('Name the person in Gitea whom the key stands for: --user alice.')
  }
  const login = values.user
  const by = parseAdminName(values.by)
  const name = parseLine('--name', values.name ?? `Key of ${login}`, 100)
  const scopes = parseScopeList(values.scopes)
  const grant = {
    readOnly: values['read-only'],
    repositories: parseRepositories(values.repositories),
    expiresAt: parseEnd(values.expires, clock.now()),
  }
  return withStore(io, { readonly: false }, async (store) => {
    const person = await findPerson(login, store, clock, io)
    const made = store.transaction(() => {
      const created = createApiKeys(store, clock).create({ person, name, scopes, grant })
      record('api_key_generated', created.record, by, store, clock)
      return created
    })
    printKey(made, io)
    return 0
  })
}

function rotate(id: string, values: Options, clock: Clock, io: CommandIo): Promise<number> {
  const graceMs = parseDuration('--grace', values.grace)
  const by = parseAdminName(values.by)
  return withStore(io, { readonly: false }, (store) => {
    const { previous, ...made } = store.transaction(() => {
      const rotated = createApiKeys(store, clock).rotate(id, graceMs)
      record('api_key_rotated', rotated.record, by, store, clock)
      return rotated
    })
    printKey(made, io)
    printLines(io.stderr, `The key before, ${previous.hint}, works ${describeEnd(previous)}. Change your clients over.`)
    return 0
  })
}

function revoke(id: string, values: Options, clock: Clock, io: CommandIo): Promise<number> {
  const by = parseAdminName(values.by)
  return withStore(io, { readonly: false }, (store) => {
    const keys = createApiKeys(store, clock)
    const revoked = store.transaction(() => {
      const ids = values.all ? keys.list().filter((key) => toState(key, clock.now()) === 'valid') : [{ id }]
      return ids.map((key) => {
        const ended = keys.revoke(key.id)
        record('api_key_revoked', ended, by, store, clock)
        return ended
      })
    })
    const lines = revoked.map((key) => `${key.id} (${key.hint}) is revoked, with the next request.`)
    printLines(io.stdout, ...(lines.length === 0 ? ['There are no keys that count.'] : lines))
    return 0
  })
}

function list(values: Options, clock: Clock, io: CommandIo): Promise<number> {
  return withStore(io, { readonly: true }, (store) => {
    const now = clock.now()
    const keys = createApiKeys(store, clock).list()
    const shown = values.all ? keys : keys.filter((key) => toState(key, now) === 'valid')
    if (values.json) {
      printLines(io.stdout, JSON.stringify(shown.map((key) => toJson(key, now))))
      return 0
    }
    const lines = [...shown.flatMap((key) => toLines(key, now)), ...listSettingsKeys(io.env)]
    printLines(io.stdout, ...(lines.length === 0 ? ['There are no API keys.'] : lines))
    return 0
  })
}

function checkAge(values: Options, clock: Clock, io: CommandIo): Promise<number> {
  const days = parseDays(values.days)
  return withStore(io, { readonly: true }, (store) => {
    const old = findOldKeys(createApiKeys(store, clock).list(), clock.now(), days)
    const inSettings = listSettingsKeys(io.env).length
    printLines(
      io.stdout,
      ...(old.length === 0
        ? [`No API key is older than ${days} days.`]
        : [
            ...old.flatMap((key) => toLines(key, clock.now())),
            `Older than ${days} days: ${old.length}. Rotate: aegis keys rotate <id>.`,
          ]),
      ...(inSettings === 0 ? [] : [`How old the ${inSettings} in MCP_API_KEYS are is not known.`]),
    )
    return old.length === 0 ? 0 : 1
  })
}

/** The key alone goes to stdout, so that a script can take it from there. */
function printKey({ key, record: made }: MadeApiKey, { stdout, stderr }: CommandIo): void {
  printLines(stderr, 'This is the key. It is shown this once, and kept as a hash only:')
  printLines(stdout, key)
  printLines(
    stderr,
    `It works as ${made.person.login} ${describeEnd(made)}: ${describeLimits(made)}.`,
    'A client sends it as the header   Authorization: Bearer <key>',
    `Its id is ${made.id}: aegis keys rotate ${made.id}, aegis keys revoke ${made.id}.`,
  )
}

function record(reason: string, key: ApiKey, by: string, store: Store, clock: Clock): void {
  const { id, hint, person, name, scopes, grant, replaces } = key
  const details = {
    key: id,
    key_hint: hint,
    login: person.login,
    account: person.accountId,
    name,
    scopes: scopes.join(' '),
    read_only: grant.readOnly,
    repositories: grant.repositories,
    expires_at: grant.expiresAt === null ? null : toIsoTime(grant.expiresAt),
    ...(replaces === null ? {} : { replaces }),
  }
  leaveEvent(store, { reason, by, at: clock.now(), details })
}

/** Who has this login: Gitea says so with GITEA_TOKEN, otherwise whoever signed in here with it. */
async function findPerson(login: string, store: Store, clock: Clock, { env }: CommandIo): Promise<Person> {
  if (!/^[\w.-]{1,255}$/.test(login)) {
    throw new Misuse('--user is a login of Gitea, like alice.')
  }
  if ((env.GITEA_TOKEN ?? '') === '') {
    const found = findSignedIn(store, login)
    if (found === undefined) {
      throw new NotFound(
        `Nobody signed in here as ${login}. Let them connect a client once, or set GITEA_TOKEN, with which Gitea is asked and which API keys need anyway when nobody signs in.`,
      )
    }
    return found
  }
  const config = loadConfig(env)
  const { serviceToken: token, url: baseUrl, timeoutMs } = config.gitea
  if (token === undefined) {
    throw new InvalidInput('GITEA_TOKEN is empty. Set it, or remove it.')
  }
  const gitea = createGiteaTransport({ baseUrl, timeoutMs, maxResponseBytes: MIB })
  try {
    const service = createServiceAccess({ gitea, token, store, clock, ttlMs: 0, log: createSilentLogger() })
    const found = await service.findPerson(login)
    if (found === undefined) {
      throw new NotFound(`Gitea knows nobody called ${login} who may work there. Look up the login in Gitea.`)
    }
    return found
  } finally {
    await gitea.close()
  }
}
