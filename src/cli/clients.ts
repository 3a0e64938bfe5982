import { parseArgs } from 'node:util'
import { leaveEvent } from '../audit/outbox.js'
import { type Clock, systemClock, toIsoTime } from '../lib/clock.js'
import { createConnections, type KnownClient } from '../oauth/connections.js'
import { parseAdminName } from './admin-name.js'
import { type Command, type CommandIo, Misuse, printLines, toTerminalText } from './command.js'
import { withStore } from './state-file.js'

/** `aegis clients`: the AI clients that people let in. */
export const clientsCommand: Command = createClientsCommand(systemClock)

interface Revocation {
  readonly id: string
  readonly person: string | undefined
  readonly by: string
}

export function createClientsCommand(clock: Clock): Command {
  return {
    name: 'clients',
    summary: 'list AI clients, or take back what people allowed one',
    usage: `aegis clients list [--json]
  Every client this server knows: its name as it gave it, how it came here, when it last got a token, and how many people
  allowed it.

aegis clients revoke <id> [--person <login>] [--by <name>]
  Its tokens, codes, grants and the remembered consents end with the next request. A client that registered itself is
  deleted; one with a document of its own stays known and has to be agreed to again. With --person (a login, or an account
  id like gitea:7) only what that person allowed it. --by is the name that the audit log gets; without it, your user name.
`,
    async run(args, io) {
      const { positionals, values } = parseArgs({
        args: [...args],
        allowPositionals: true,
        options: { json: { type: 'boolean', default: false }, person: { type: 'string' }, by: { type: 'string' } },
      })
      const [action, id, ...more] = positionals
      const { json, person } = values
      if (action === 'list' && id === undefined && person === undefined && values.by === undefined) {
        return list(json, io)
      }
      if (action === 'revoke' && id !== undefined && more.length === 0 && !json) {
        return revoke({ id, person, by: parseAdminName(values.by) }, io)
      }
      throw new Misuse(action === undefined ? 'Name what to do: list or revoke.' : 'That is not a way to call it.')
    },
  }

  function list(asJson: boolean, io: CommandIo): Promise<number> {
    return withStore(io, { readonly: true }, (store) => {
      const clients = createConnections({ store, clock }).listClients()
      printLines(io.stdout, ...(asJson ? [JSON.stringify(clients.map(toJson))] : toReport(clients)))
      return 0
    })
  }

  function revoke({ id, person: name, by }: Revocation, io: CommandIo): Promise<number> {
    return withStore(io, { readonly: false }, (store) =>
      store.transaction(() => {
        const connections = createConnections({ store, clock })
        const person = name === undefined ? undefined : connections.getPerson(name)
        const { client, grants, isDeleted } = connections.revokeClient(id, person?.accountId)
        leaveEvent(store, {
          reason: 'client_revoked',
          by,
          at: clock.now(),
          actor: {
            client: id,
            client_name: client.name,
            ...(person === undefined ? {} : { account: person.accountId }),
            ...(person?.login === undefined ? {} : { login: person.login }),
          },
          details: { grants, deleted: isDeleted },
        })
        const whose = person === undefined ? '' : ` of ${toTerminalText(person.login ?? person.accountId)}`
        const after = isDeleted ? 'It is deleted and has to register again.' : 'It has to be agreed to again.'
        printLines(
          io.stdout,
          `${toTerminalText(client.name)} (${toTerminalText(id)}): ${toCount(grants, 'grant')}${whose} revoked. ${after}`,
        )
        return 0
      }),
    )
  }
}

/** `1 grant`, `2 grants`. */
export function toCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

const SOURCES: Record<KnownClient['source'], string> = {
  registration: 'registered itself',
  import: 'from the Python original',
  document: 'has a document of its own',
  unknown: 'not registered any more',
}

function toReport(clients: readonly KnownClient[]): string[] {
  if (clients.length === 0) {
    return ['There are no clients yet.']
  }
  return clients.flatMap(({ id, name, source, createdAt, lastUsedAt, people, grants }) => [
    `${toTerminalText(id)}  ${toTerminalText(name)}`,
    `  ${SOURCES[source]}${createdAt === null ? '' : ` ${toIsoTime(createdAt)}`}, last token ${toTime(lastUsedAt)}`,
    `  allowed by ${people === 1 ? '1 person' : `${people} people`}, ${toCount(grants, 'grant')}`,
  ])
}

function toJson(client: KnownClient) {
  return {
    ...client,
    createdAt: client.createdAt === null ? null : toIsoTime(client.createdAt),
    lastUsedAt: client.lastUsedAt === null ? null : toIsoTime(client.lastUsedAt),
  }
}

function toTime(at: number | null): string {
  return at === null ? 'never' : toIsoTime(at)
}
