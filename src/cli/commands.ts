import { AppError, toErrorText } from '../lib/errors.js'
import { findNearMisses } from '../lib/near-miss.js'
import { type Command, type CommandIo, isMisuse, printLines } from './command.js'

/** A command in the overview. Its module is loaded when it is called, so that `aegis version` does not load the server. */
interface CommandEntry {
  readonly name: string
  readonly summary: string
  load(): Promise<Command>
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'setup',
    summary: 'create the application in Gitea and write .env',
    load: async () => (await import('./setup.js')).setupCommand,
  },
  {
    name: 'serve',
    summary: 'run the server',
    load: async () => (await import('./serve.js')).serveCommand,
  },
  {
    name: 'doctor',
    summary: 'check everything a sign-in and a call need, and name what to fix',
    load: async () => (await import('./doctor.js')).doctorCommand,
  },
  {
    name: 'policy',
    summary: 'check the policy file, or explain what it says about a call',
    load: async () => (await import('./policy-entry.js')).policyEntry,
  },
  {
    name: 'approvals',
    summary: 'list, approve or deny calls that wait for an admin',
    load: async () => (await import('./approvals.js')).approvalsCommand,
  },
  {
    name: 'clients',
    summary: 'list AI clients, or take back what people allowed one',
    load: async () => (await import('./clients.js')).clientsCommand,
  },
  {
    name: 'sessions',
    summary: 'list who is connected through which client, or end connections',
    load: async () => (await import('./sessions.js')).sessionsCommand,
  },
  {
    name: 'panic',
    summary: 'make the running server read-only or stop it, at once',
    load: async () => (await import('./panic.js')).panicCommand,
  },
  {
    name: 'audit',
    summary: 'verify or export the audit log, print its checkpoint or public key',
    load: async () => (await import('./audit-entry.js')).auditEntry,
  },
  {
    name: 'keys',
    summary: 'generate, list, rotate or revoke API keys for clients that cannot sign in',
    load: async () => (await import('./keys.js')).keysCommand,
  },
  {
    name: 'keyring',
    summary: 'list or rotate the keys that encrypt and sign what is stored',
    load: async () => (await import('./keyring.js')).keyringCommand,
  },
  {
    name: 'webhooks',
    summary: 'make, check or remove webhooks in Gitea, show what was delivered, set it off again',
    load: async () => (await import('./webhooks.js')).webhooksCommand,
  },
  {
    name: 'jobs',
    summary: 'list, run, retry or cancel runs of the automations',
    load: async () => (await import('./jobs.js')).jobsCommand,
  },
  {
    name: 'db',
    summary: 'back up or check the database beside a running server',
    load: async () => (await import('./db.js')).dbCommand,
  },
  {
    name: 'version',
    summary: 'print the version',
    load: async () => (await import('./version.js')).versionCommand,
  },
]

const NEEDED_NODE = 24
const HELP = new Set(['help', '--help', '-h'])

/**
 * Runs `aegis <argv>`.
 *
 * @param nodeVersion of this runtime; on an older one the native addon ends the process without a word
 * @returns the exit code; every error has been printed
 */
export async function runCli(
  argv: readonly string[],
  io: CommandIo,
  nodeVersion = process.versions.node,
): Promise<number> {
  if (Number.parseInt(nodeVersion, 10) < NEEDED_NODE) {
    printLines(
      io.stderr,
      `AegisGitea MCP needs Node ${NEEDED_NODE}, and this is ${nodeVersion}. In a clone, npm ci has brought it: node_modules/.bin/node dist/aegis.mjs …`,
    )
    return 1
  }
  const [first, ...rest] = argv
  const asksForHelp = first === undefined || HELP.has(first)
  const name = asksForHelp ? rest[0] : first === '--version' || first === '-v' ? 'version' : first
  if (name === undefined) {
    printLines(io.stdout, ...toOverview())
    return 0
  }
  const entry = COMMANDS.find((command) => command.name === name)
  if (entry === undefined) {
    printLines(io.stderr, toUnknownCommand(name))
    return 2
  }
  const command = await entry.load()
  if (asksForHelp || rest.some((argument) => argument === '--help' || argument === '-h')) {
    io.stdout.write(command.usage)
    return 0
  }
  // the edge of the program: what the operator can mend is said in words, the rest is a bug
  try {
    return await command.run(rest, io)
  } catch (error) {
    return reportError(error, command, io)
  }
}

function reportError(error: unknown, command: Command, { stderr, env }: CommandIo): number {
  const isDebugging = env.LOG_LEVEL === 'DEBUG' || (env.DEBUG ?? '') !== ''
  if (isMisuse(error)) {
    printLines(stderr, error.message, '', command.usage.trimEnd())
    return 2
  }
  if (error instanceof AppError) {
    printLines(stderr, error.message)
    if (isDebugging && error.detail !== undefined) {
      printLines(stderr, error.detail)
    }
    return 1
  }
  printLines(stderr, `aegis ${command.name} failed in a way it should not: ${toErrorText(error)}`)
  const stack = error instanceof Error ? error.stack : undefined
  printLines(stderr, isDebugging && stack !== undefined ? stack : 'Run it again with LOG_LEVEL=DEBUG to see where.')
  return 1
}

function toOverview(): string[] {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length))
  return [
    'AegisGitea MCP: AI clients work on your Gitea with the rights of the person who signed in.',
    '',
    'aegis <command> [options]',
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'aegis <command> --help tells more. Settings come from .env in this folder and from the environment.',
  ]
}

function toUnknownCommand(name: string): string {
  const names = COMMANDS.map((command) => command.name)
  const near = findNearMisses(name, names)
  const hint = near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `The commands are ${names.join(', ')}.`
  return `There is no “aegis ${name.slice(0, 60)}”. ${hint}`
}
