import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock, toIsoTime } from '../lib/clock.js'
import { InvalidInput, toErrorText } from '../lib/errors.js'
import { type Command, type CommandIo, Misuse, printLines } from './command.js'
import type { Check } from './doctor/check.js'
import { checkGiteaDiscovery, checkGiteaVersion } from './doctor/gitea.js'
import { createPrompt, type Prompt } from './prompt.js'
import {
  askAddresses,
  askCredential,
  parseAppName,
  parseWriteRepositories,
  type SetupCredential,
  type SetupFlags,
} from './setup/answers.js'
import { type PendingEnvFile, prepareEnvFile, toEnvFile } from './setup/env-file.js'
import {
  CredentialRefused,
  createGiteaAccount,
  type GiteaAccount,
  type GiteaApplicationWithSecret,
} from './setup/gitea-account.js'
import { toNextSteps } from './setup/next-steps.js'

const OPTIONS = {
  'gitea-url': { type: 'string' },
  'public-url': { type: 'string' },
  username: { type: 'string' },
  otp: { type: 'string' },
  'password-stdin': { type: 'boolean', default: false },
  'token-stdin': { type: 'boolean', default: false },
  'app-name': { type: 'string', default: 'AegisGitea MCP' },
  // not --env-file, which Node takes for its own wherever it stands
  'settings-file': { type: 'string', default: '.env' },
  'write-repos': { type: 'string' },
  force: { type: 'boolean', default: false },
} as const

/** `aegis setup`: from a Gitea and one credential to a server that can start. The credential is used and forgotten. */
export const setupCommand: Command = {
  name: 'setup',
  summary: 'create the application in Gitea and write .env',
  usage: `aegis setup [options]
  Creates the OAuth application in your Gitea and writes .env, which only you can read. Asks for what is not given.

  --gitea-url <address>    where your Gitea is, like https://git.example.org
  --public-url <address>   where AI clients will reach this server, like https://mcp.example.org
  --username <name>        the Gitea account that will own the application
  --password-stdin         read its password from standard input (or set AEGIS_SETUP_PASSWORD)
  --otp <code>             its current two-factor code
  --token-stdin            instead: read a token with the scope write:user from standard input (or set AEGIS_SETUP_TOKEN)
  --app-name <name>        the name people see when they sign in; “AegisGitea MCP” when not given
  --write-repos <list>     repositories that may be changed, owner/name,…; none when not given
  --settings-file <file>   where to write the settings; .env when not given
  --force                  replace an application of that name and an .env that is there (which is kept as a copy)

  The password or token is used for this once. It is not written anywhere.
`,
  async run(args, io) {
    const flags = parseFlags(args)
    const readsStdin = flags['password-stdin'] || flags['token-stdin']
    const prompt = io.stdin.isTTY === true && !readsStdin ? createPrompt(io) : undefined
    try {
      return await setUp(flags, prompt, io)
    } finally {
      prompt?.close()
    }
  },
}

function parseFlags(args: readonly string[]) {
  const visible = args.find((argument) => /^--(?:password|token)(?:=|$)/.test(argument))
  if (visible !== undefined) {
    const name = visible.replace(/^--|=.*$/g, '')
    throw new Misuse(
      `Everybody on this computer can read the command line, so give the ${name} by --${name}-stdin or AEGIS_SETUP_${name.toUpperCase()}.`,
    )
  }
  const { values } = parseArgs({ args: [...args], options: OPTIONS })
  if (values['password-stdin'] && values['token-stdin']) {
    throw new Misuse('Give a password or a token, not both.')
  }
  return values
}

async function setUp(
  flags: SetupFlags & { readonly 'settings-file': string; readonly force: boolean },
  prompt: Prompt | undefined,
  io: CommandIo,
): Promise<number> {
  const name = parseAppName(flags['app-name'])
  const writeRepositories = parseWriteRepositories(flags['write-repos'] ?? '')
  const envFile = prepareEnvFile(resolve(io.cwd, flags['settings-file']), {
    replaces: flags.force,
    suffix: `before-${toIsoTime(systemClock.now()).replace(/[:.]/g, '-')}`,
  })
  try {
    const { giteaUrl, publicUrl } = await askAddresses(flags, prompt, io)
    await requireGitea(giteaUrl, io)
    const { account, owner } = await signIn(giteaUrl, await askCredential(flags, prompt, io), prompt)
    const application = await putApplication(account, { name, publicUrl, force: flags.force }, prompt)
    const text = toEnvFile({
      giteaUrl,
      publicUrl,
      clientId: application.client_id,
      clientSecret: application.client_secret,
      stateSecret: randomBytes(32).toString('hex'),
      writeRepositories,
      application: { name, owner: owner.login },
    })
    const { backup, droppedSettings } = commit(envFile, text, name)
    printLines(
      io.stdout,
      '',
      `The application “${name}” is ready in Gitea and belongs to ${owner.login}.`,
      'It goes away with that account, so an admin or a service account should own it. To move it, run setup as that account.',
      `${flags['settings-file']} is written; only you can read it.`,
      writeRepositories.length === 0
        ? 'AI clients will read only. To let them change something, set WRITE_MODE there and open the tools in the policy file.'
        : `AI clients may change ${writeRepositories.join(', ')}, with the tools that the policy file opens.`,
      ...(backup === undefined ? [] : [`The earlier one is ${backup}.`]),
      ...(droppedSettings.length === 0
        ? []
        : [`It also had ${droppedSettings.join(', ')}: copy over what you still need.`]),
      '',
      ...toNextSteps(publicUrl),
    )
    return 0
  } finally {
    envFile.abandon()
  }
}

/** Stops at the first thing about Gitea that would make the result useless; warnings are only told. */
async function requireGitea(giteaUrl: string, io: CommandIo): Promise<void> {
  const isReachable = (checks: readonly Check[]) => {
    for (const { status, found, fix = '' } of checks) {
      if (status === 'failed') {
        throw new InvalidInput(`${found} ${fix}`)
      }
      if (status === 'warning') {
        printLines(io.stdout, `Note: ${found} ${fix}`)
      }
    }
  }
  isReachable(await checkGiteaVersion(giteaUrl))
  isReachable((await checkGiteaDiscovery(giteaUrl)).checks)
}

async function signIn(
  giteaUrl: string,
  credential: SetupCredential,
  prompt: Prompt | undefined,
): Promise<{ account: GiteaAccount; owner: { readonly login: string } }> {
  const account = createGiteaAccount(giteaUrl, credential)
  try {
    return { account, owner: await account.loadOwner() }
  } catch (error) {
    // Gitea answers a missing one-time code like a wrong password, so a person at a terminal is asked for it once
    if (
      !(error instanceof CredentialRefused) ||
      prompt === undefined ||
      credential.kind === 'token' ||
      credential.otp
    ) {
      throw error
    }
  }
  const otp = await prompt.ask('Two-factor code (empty when the account has none)', String, '')
  if (otp === '') {
    throw new CredentialRefused('Gitea does not accept this user name and password. Try again.')
  }
  const second = createGiteaAccount(giteaUrl, { ...credential, otp })
  return { account: second, owner: await second.loadOwner() }
}

async function putApplication(
  account: GiteaAccount,
  wanted: { readonly name: string; readonly publicUrl: string; readonly force: boolean },
  prompt: Prompt | undefined,
): Promise<GiteaApplicationWithSecret> {
  const redirectUri = `${wanted.publicUrl}/oauth/callback`
  const namesakes = (await account.loadApplications()).filter(({ name }) => name === wanted.name)
  const [existing = undefined, ...others] = [
    ...namesakes.filter(({ redirect_uris }) => redirect_uris?.includes(redirectUri)),
    ...namesakes.filter(({ redirect_uris }) => !redirect_uris?.includes(redirectUri)),
  ]
  if (existing === undefined) {
    return account.createApplication(wanted.name, redirectUri)
  }
  if (others.length > 0 && !existing.redirect_uris?.includes(redirectUri)) {
    throw new InvalidInput(
      `There are ${namesakes.length} applications called “${wanted.name}”, none of them for ${wanted.publicUrl}. Remove them in Gitea, or choose another --app-name.`,
    )
  }
  const isWanted =
    wanted.force ||
    (await prompt?.confirm(
      `An application “${wanted.name}” exists already. Give it a new secret? A server that uses the old one stops signing people in.`,
    ))
  if (isWanted !== true) {
    throw new InvalidInput(
      `An application “${wanted.name}” exists already. Give --force to give it a new secret (a server that uses the old one stops signing people in), or another --app-name. Nothing was changed.`,
    )
  }
  return account.replaceApplication(existing.id, wanted.name, redirectUri)
}

function commit(envFile: PendingEnvFile, text: string, name: string): ReturnType<PendingEnvFile['commit']> {
  // the application exists by now, and its secret is shown once only: say what that leaves behind
  try {
    return envFile.commit(text)
  } catch (error) {
    throw new InvalidInput(
      `The application “${name}” is ready in Gitea, but its settings could not be written (${toErrorText(error)}). Mend that and run setup again with --force.`,
      { cause: error },
    )
  }
}
