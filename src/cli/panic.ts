import { parseArgs } from 'node:util'
import { createPanicSwitch, type Panic, type PanicLevel } from '../gate/panic.js'
import { type Clock, systemClock, toIsoTime } from '../lib/clock.js'
import { parseAdminName, parseLine } from './admin-name.js'
import { type Command, type CommandIo, Misuse, printLines, toTerminalText } from './command.js'
import { withStore } from './state-file.js'

const MAX_REASON_CHARS = 300

/** `aegis panic`: what an admin does first when something is very wrong. */
export const panicCommand: Command = createPanicCommand(systemClock)

export function createPanicCommand(clock: Clock): Command {
  return {
    name: 'panic',
    summary: 'make the running server read-only or stop it, at once',
    usage: `aegis panic on [--stop] [--reason <text>] [--by <name>]
  From the next request on nothing can be changed through this server; reading goes on. With --stop no tool runs at all,
  nobody can sign in and no token is issued. Calls under way finish. The server need not be restarted, and a restart
  changes nothing about it. People who are refused are told the reason, and the name to ask: --by, or your user name.

aegis panic off [--by <name>]
  Everything runs again.

aegis panic status [--json]
  What is in force; the exit code is 1 while something is.
`,
    async run(args, io) {
      const { positionals, values } = parseArgs({
        args: [...args],
        allowPositionals: true,
        options: {
          stop: { type: 'boolean', default: false },
          reason: { type: 'string' },
          by: { type: 'string' },
          json: { type: 'boolean', default: false },
        },
      })
      const [action, ...more] = positionals
      const givesDetails = values.stop || values.reason !== undefined
      if (more.length > 0) {
        throw new Misuse(`There is nothing to do with “${more[0]}”.`)
      }
      if (action === 'on' && !values.json) {
        const reason =
          values.reason === undefined ? {} : { reason: parseLine('--reason', values.reason, MAX_REASON_CHARS) }
        return turnOn({ level: values.stop ? 'stop' : 'read_only', by: parseAdminName(values.by), ...reason }, io)
      }
      if (action === 'off' && !values.json && !givesDetails) {
        return turnOff(parseAdminName(values.by), io)
      }
      if (action === 'status' && !givesDetails && values.by === undefined) {
        return showStatus(values.json, io)
      }
      throw new Misuse(action === undefined ? 'Name what to do: on, off or status.' : 'That is not a way to call it.')
    },
  }

  function turnOn(panic: Pick<Panic, 'level' | 'reason' | 'by'>, io: CommandIo): Promise<number> {
    return withStore(io, { readonly: false }, (store) => {
      createPanicSwitch(store, clock).turnOn(panic)
      printLines(io.stdout, `${IN_FORCE[panic.level]} It counts from the next request on. aegis panic off ends it.`)
      return 0
    })
  }

  function turnOff(by: string, io: CommandIo): Promise<number> {
    return withStore(io, { readonly: false }, (store) => {
      const before = createPanicSwitch(store, clock).turnOff(by)
      printLines(
        io.stdout,
        before === undefined ? OFF : 'Panic is off. Everything runs again from the next request on.',
      )
      return 0
    })
  }

  function showStatus(asJson: boolean, io: CommandIo): Promise<number> {
    return withStore(io, { readonly: true }, (store) => {
      const panic = createPanicSwitch(store, clock).current()
      printLines(io.stdout, ...(asJson ? [toJson(panic)] : toReport(panic)))
      return panic === undefined ? 0 : 1
    })
  }
}

const OFF = 'Panic is off: everything runs.'
const IN_FORCE: Record<PanicLevel, string> = {
  read_only: 'Panic is on: the server only reads. Nothing can be changed through it.',
  stop: 'Panic is on: the server is stopped. No tool runs, nobody can sign in.',
}

function toJson(panic: Panic | undefined): string {
  return JSON.stringify(panic === undefined ? { level: 'off' } : { ...panic, since: toIsoTime(panic.since) })
}

function toReport(panic: Panic | undefined): string[] {
  if (panic === undefined) {
    return [OFF]
  }
  const { level, reason, by, since } = panic
  const why = reason === undefined ? '' : `: ${toTerminalText(reason)}`
  return [IN_FORCE[level], `Since ${toIsoTime(since)}, by ${toTerminalText(by)}${why}`]
}
