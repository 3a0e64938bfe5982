import { userInfo } from 'node:os'
import { parseArgs } from 'node:util'
import { type ApprovalRequest, createApprovals } from '../gate/approvals.js'
import { type Clock, systemClock, toIsoTime } from '../lib/clock.js'
import { type Command, Misuse, printLines, toTerminalText } from './command.js'
import { withStore } from './state-file.js'

/** `aegis approvals`: an admin's answers to calls that the policy lets run only with a yes. */
export const approvalsCommand: Command = createApprovalsCommand(systemClock)

export function createApprovalsCommand(clock: Clock): Command {
  return {
    name: 'approvals',
    summary: 'list, approve or deny calls that wait for an admin',
    usage: `aegis approvals list [--all] [--json]
  The requests that wait for an answer; --all also shows those that were answered.

aegis approvals approve <id> [--by <name>]
aegis approvals deny <id> [--by <name>]
  A yes is for one call, with the arguments that were shown, within an hour. --by is the name that the audit log gets;
  without it, your user name on this computer.
`,
    async run(args, io) {
      const { positionals, values } = parseArgs({
        args: [...args],
        allowPositionals: true,
        options: {
          all: { type: 'boolean', default: false },
          json: { type: 'boolean', default: false },
          by: { type: 'string' },
        },
      })
      const [action, id, ...more] = positionals
      if (action === 'list' && id === undefined && values.by === undefined) {
        return withStore(io, { readonly: true }, (store) => {
          const requests = createApprovals(store, clock).list()
          const shown = values.all ? requests : requests.filter(({ status }) => status === 'waiting')
          printLines(io.stdout, ...(values.json ? [JSON.stringify(shown)] : toReport(shown)))
          return 0
        })
      }
      if ((action === 'approve' || action === 'deny') && id !== undefined && more.length === 0) {
        if (values.all || values.json) {
          throw new Misuse('--all and --json go with list.')
        }
        const decision = action === 'approve' ? 'approved' : 'denied'
        const by = parseName(values.by ?? userInfo().username)
        return withStore(io, { readonly: false }, (store) => {
          createApprovals(store, clock).decide(id, decision, by)
          printLines(io.stdout, `${id} is ${decision} by ${by}.${decision === 'approved' ? AFTER_YES : ''}`)
          return 0
        })
      }
      throw new Misuse(
        action === undefined ? 'Name what to do: list, approve or deny.' : 'That is not a way to call it.',
      )
    },
  }
}

const AFTER_YES = ' The person can make the same call again within an hour.'

function parseName(text: string): string {
  const name = text.trim()
  if (name === '' || name.length > 100 || toTerminalText(name) !== name) {
    throw new Misuse('--by is a name of at most 100 visible characters.')
  }
  return name
}

function toReport(requests: readonly ApprovalRequest[]): string[] {
  if (requests.length === 0) {
    return ['No call waits for an approval.']
  }
  return requests.flatMap((request) => {
    const decided = request.decidedBy === null ? '' : ` by ${toTerminalText(request.decidedBy)}`
    return [
      `${request.id}  ${request.status}${decided}`,
      `  ${toTerminalText(request.login)} calls ${request.tool}: ${toTerminalText(request.summary)}`,
      `  asked ${toIsoTime(request.createdAt)}, until ${toIsoTime(request.expiresAt)}, because of ${toTerminalText(request.rule)}`,
    ]
  })
}
