import { parseArgs } from 'node:util'
import { leaveEvent } from '../audit/outbox.js'
import type { Store } from '../db/open.js'
import { type Clock, systemClock, toIsoTime } from '../lib/clock.js'
import { type Connection, createConnections } from '../oauth/connections.js'
import { createGrants } from '../oauth/grants.js'
import { parseAdminName } from './admin-name.js'
import { toCount } from './clients.js'
import { type Command, type CommandIo, Misuse, printLines, toTerminalText } from './command.js'
import { withStore } from './state-file.js'

/** `aegis sessions`: who is connected through which client, with what. */
export const sessionsCommand: Command = createSessionsCommand(systemClock)

const OPTIONS = /^--(?:json|all|person|by)(?:=|$)/

/** The id of a connection may begin with a dash, and would be read as an option where it stands. */
function shieldId([action, id, ...rest]: readonly string[]): string[] {
  const given = [action, id].filter((arg) => arg !== undefined)
  return action === 'revoke' && id?.startsWith('-') === true && !OPTIONS.test(id)
    ? [action, ...rest, '--', id]
    : [...given, ...rest]
}

type Aim = { readonly grant: string } | { readonly person: string } | 'all'

export function createSessionsCommand(clock: Clock): Command {
  return {
    name: 'sessions',
    summary: 'list who is connected through which client, or end connections',
    usage: `aegis sessions list [--person <login>] [--json]
  What people allowed their clients: scopes, limits, when the client last got a token (it needs one every hour), and when
  the connection ends by itself. Open streams of /mcp/sse are in the memory of the server: GET /api/v1/stats counts them.

aegis sessions revoke <id> [--by <name>]
  One connection of the list. The person is asked again before the same client gets another.

aegis sessions revoke --person <login> [--by <name>]
  Everything of one person (a login, or an account id like gitea:7), with the sign-in at Gitea that is kept here.

aegis sessions revoke --all [--by <name>]
  Everything of everybody.

  It counts from the next request on. --by is the name that the audit log gets; without it, your user name.
`,
    async run(args, io) {
      const { positionals, values } = parseArgs({
        args: shieldId(args),
        allowPositionals: true,
        options: {
          json: { type: 'boolean', default: false },
          all: { type: 'boolean', default: false },
          person: { type: 'string' },
          by: { type: 'string' },
        },
      })
      const [action, id, ...more] = positionals
      if (action === 'list' && id === undefined && !values.all && values.by === undefined) {
        return list(values.person, values.json, io)
      }
      if (action === 'revoke' && more.length === 0 && !values.json) {
        return revoke(parseAim(id, values.person, values.all), parseAdminName(values.by), io)
      }
      throw new Misuse(action === undefined ? 'Name what to do: list or revoke.' : 'That is not a way to call it.')
    },
  }

  function list(person: string | undefined, asJson: boolean, io: CommandIo): Promise<number> {
    return withStore(io, { readonly: true }, (store) => {
      const connections = createConnections({ store, clock })
      const accountId = person === undefined ? undefined : connections.getPerson(person).accountId
      const found = connections.list(accountId)
      printLines(io.stdout, ...(asJson ? [JSON.stringify(found.map(toJson))] : toReport(found)))
      return 0
    })
  }

  function revoke(aim: Aim, by: string, io: CommandIo): Promise<number> {
    return withStore(io, { readonly: false }, (store) => {
      const said = store.transaction(() =>
        aim === 'all'
          ? revokeAll(store, by)
          : 'person' in aim
            ? revokePerson(store, aim.person, by)
            : revokeOne(store, aim.grant, by),
      )
      printLines(io.stdout, ...said)
      return 0
    })
  }

  function revokeOne(store: Store, id: string, by: string): string[] {
    const { accountId, login, clientId, clientName } = createConnections({ store, clock }).revoke(id)
    leaveEvent(store, {
      reason: 'session_revoked',
      by,
      at: clock.now(),
      actor: {
        account: accountId,
        client: clientId,
        client_name: clientName,
        ...(login === undefined ? {} : { login }),
      },
      details: { grant: id },
    })
    const who = toTerminalText(login ?? accountId)
    return [
      `The connection of ${who} through ${toTerminalText(clientName)} is revoked; ${who} is asked before another.`,
    ]
  }

  function revokePerson(store: Store, name: string, by: string): string[] {
    const { accountId, login } = createConnections({ store, clock }).getPerson(name)
    const grants = createGrants({ store, clock }).revokeAccount(accountId)
    leaveEvent(store, {
      reason: 'account_revoked',
      by,
      at: clock.now(),
      actor: { account: accountId, ...(login === undefined ? {} : { login }) },
      details: { because: 'operator', grants },
    })
    const who = toTerminalText(login ?? accountId)
    return [
      `Everything of ${who} is revoked: ${toCount(grants, 'connection')}, and the sign-in at Gitea that was kept here.`,
      ...describeKeys(store, accountId),
    ]
  }

  function revokeAll(store: Store, by: string): string[] {
    const { grants, people } = createConnections({ store, clock }).revokeAll()
    leaveEvent(store, { reason: 'all_sessions_revoked', by, at: clock.now(), details: { grants, people } })
    const whose = people === 1 ? '1 person' : `${people} people`
    return [`Everything is revoked: ${toCount(grants, 'connection')} of ${whose}.`, ...describeKeys(store)]
  }

  /** Keys are made and ended by their own command; whoever ends sessions in a hurry must hear that they go on. */
  function describeKeys(store: Store, accountId?: string): string[] {
    const keys = store.sqlite
      .prepare<[number], { id: string; accountId: string }>(
        `SELECT id, account_id AS accountId FROM api_key
          WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?) ORDER BY created_at`,
      )
      .all(clock.now())
      .filter((key) => accountId === undefined || key.accountId === accountId)
    return keys.length === 0
      ? []
      : [
          `Not touched: ${toCount(keys.length, 'API key')} (${keys.map(({ id }) => id).join(', ')}). See aegis keys revoke.`,
        ]
  }
}

function parseAim(grant: string | undefined, person: string | undefined, all: boolean): Aim {
  const aims: Aim[] = [
    ...(grant === undefined ? [] : [{ grant }]),
    ...(person === undefined ? [] : [{ person }]),
    ...(all ? (['all'] as const) : []),
  ]
  const [aim, second] = aims
  if (aim === undefined || second !== undefined) {
    throw new Misuse('Name what to revoke: one id, --person or --all.')
  }
  return aim
}

function toReport(connections: readonly Connection[]): string[] {
  if (connections.length === 0) {
    return ['Nobody is connected.']
  }
  return connections.flatMap((connection) => {
    const { id, accountId, login, clientId, clientName, scopes, grant, createdAt, lastTokenAt, endsAt } = connection
    const limits = [
      scopes.join(' '),
      ...(grant.readOnly ? ['read-only'] : []),
      grant.repositories === null ? 'every repository' : `only ${grant.repositories.join(', ')}`,
    ]
    const times = [
      `agreed ${toIsoTime(createdAt)}`,
      ...(lastTokenAt === null ? [] : [`last token ${toIsoTime(lastTokenAt)}`]),
      ...(endsAt === null ? [] : [`until ${toIsoTime(endsAt)}`]),
    ]
    return [
      `${id}  ${toTerminalText(login ?? 'signed out')} (${accountId})`,
      `  ${toTerminalText(clientName)} (${toTerminalText(clientId)})`,
      `  ${toTerminalText(limits.join('; '))}`,
      `  ${times.join(', ')}`,
    ]
  })
}

function toJson({ grant, createdAt, lastTokenAt, endsAt, login, ...connection }: Connection) {
  return {
    ...connection,
    login: login ?? null,
    readOnly: grant.readOnly,
    repositories: grant.repositories,
    createdAt: toIsoTime(createdAt),
    lastTokenAt: lastTokenAt === null ? null : toIsoTime(lastTokenAt),
    endsAt: endsAt === null ? null : toIsoTime(endsAt),
  }
}
