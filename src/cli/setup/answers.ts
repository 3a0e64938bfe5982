/** What `aegis setup` needs to know, from flags, from the environment, or asked. */
import { isLoopbackHost } from '../../config/config.js'
import { InvalidInput } from '../../lib/errors.js'
import { Secret } from '../../lib/secret.js'
import { type CommandIo, Misuse } from '../command.js'
import type { Prompt } from '../prompt.js'

/** Lives as long as the command does; never written anywhere. */
export type SetupCredential =
  | { readonly kind: 'token'; readonly token: Secret }
  | {
      readonly kind: 'password'
      readonly username: string
      readonly password: Secret
      readonly otp: string | undefined
    }

export interface SetupFlags {
  readonly 'gitea-url'?: string | undefined
  readonly 'public-url'?: string | undefined
  readonly username?: string | undefined
  readonly otp?: string | undefined
  readonly 'password-stdin': boolean
  readonly 'token-stdin': boolean
  readonly 'app-name': string
  readonly 'write-repos'?: string | undefined
}

export interface Addresses {
  /** Without trailing slash. */
  readonly giteaUrl: string
  /** An origin. */
  readonly publicUrl: string
}

/** Addresses that can stand in `.env` without quoting, whoever reads it (Node, a shell, Compose). */
const PLAIN = /^[\w.~:/[\]%-]+$/

/** @throws InvalidInput saying what to give instead */
function parseGiteaUrl(text: string): string {
  const url = parseWebUrl(text, 'the address of your Gitea', 'https://git.example.org')
  return url.href.replace(/\/+$/, '')
}

/** @throws InvalidInput saying what to give instead */
function parsePublicUrl(text: string): string {
  const example = 'https://mcp.example.org'
  const url = parseWebUrl(text, 'the public address', example)
  if (url.pathname !== '/') {
    throw new InvalidInput(
      `The public address is a scheme and a host only, like ${example}; leave out “${url.pathname}”. AI clients are given ${url.origin}/mcp.`,
    )
  }
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
    throw new InvalidInput(
      `The public address must start with https:// (you gave ${url.origin}): AI clients refuse anything else, except http://localhost to try it here.`,
    )
  }
  return url.origin
}

function parseWebUrl(text: string, what: string, example: string): URL {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    const guess = URL.parse(`https://${text}`)?.origin
    const hint = /^[\w.-]+(?:[:/]|$)/.test(text) && guess !== undefined ? guess : example
    throw new InvalidInput(`Give ${what} with its scheme, like ${hint}${text === '' ? '' : ` (you gave “${text}”)`}.`)
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '' || !PLAIN.test(url.href)) {
    throw new InvalidInput(`Give ${what} as scheme, host and path only, like ${example}: no user, “?”, “#” or quotes.`)
  }
  return url
}

/** @throws InvalidInput for anything but `owner/name,…` */
export function parseWriteRepositories(text: string): string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const wrong = names.find((name) => !/^[\w.-]+\/[\w.-]+$/.test(name))
  if (wrong !== undefined) {
    throw new InvalidInput(`Write the repositories as owner/name, separated by commas; “${wrong}” is not one.`)
  }
  return names
}

/** @throws InvalidInput for names that a Gitea page or an `.env` comment could not show */
export function parseAppName(text: string): string {
  const name = text.trim()
  if (!/^[\p{L}\p{N}][\p{L}\p{N} ._()-]{0,99}$/u.test(name)) {
    throw new InvalidInput(
      'Give the application a name of letters, digits, spaces and ._()- (at most 100), with --app-name.',
    )
  }
  return name
}

/** Reads the two addresses; without a terminal both must be given, and all that is missing is said at once. */
export async function askAddresses(
  flags: SetupFlags,
  prompt: Prompt | undefined,
  { env }: CommandIo,
): Promise<Addresses> {
  const given = {
    giteaUrl: flags['gitea-url'] ?? (prompt === undefined ? env.GITEA_URL || undefined : undefined),
    publicUrl: flags['public-url'] ?? (prompt === undefined ? env.PUBLIC_BASE_URL || undefined : undefined),
  }
  if (prompt === undefined) {
    const missing = [
      ...(given.giteaUrl === undefined ? ['--gitea-url https://git.example.org'] : []),
      ...(given.publicUrl === undefined ? ['--public-url https://mcp.example.org'] : []),
    ]
    if (missing.length > 0) {
      throw new Misuse(`There is no terminal to ask at, so give ${missing.join(' and ')}.`)
    }
  }
  const read = async (
    text: string | undefined,
    question: string,
    parse: (answer: string) => string,
    fallback: string | undefined,
  ): Promise<string> =>
    text !== undefined || prompt === undefined ? parse(text ?? '') : prompt.ask(question, parse, fallback)
  return {
    giteaUrl: await read(given.giteaUrl, 'Address of your Gitea', parseGiteaUrl, env.GITEA_URL || undefined),
    publicUrl: await read(
      given.publicUrl,
      'Address that AI clients will use for this server',
      parsePublicUrl,
      env.PUBLIC_BASE_URL || 'http://localhost:8080',
    ),
  }
}

/** Reads the one credential, never from a flag: other users of this computer can see those. */
export async function askCredential(
  flags: SetupFlags,
  prompt: Prompt | undefined,
  io: CommandIo,
): Promise<SetupCredential> {
  const { username, otp } = flags
  const token = flags['token-stdin'] ? await readAll(io.stdin, 'token') : io.env.AEGIS_SETUP_TOKEN || undefined
  if (token !== undefined) {
    return { kind: 'token', token: parseSecret(token, 'token') }
  }
  const password = flags['password-stdin']
    ? await readAll(io.stdin, 'password')
    : io.env.AEGIS_SETUP_PASSWORD || undefined
  if (password !== undefined) {
    if (username === undefined) {
      throw new Misuse('A password needs --username.')
    }
    return { kind: 'password', username, password: parseSecret(password, 'password'), otp }
  }
  if (prompt === undefined) {
    throw new Misuse(
      'Give a credential that may create the application: AEGIS_SETUP_TOKEN or --token-stdin (scope write:user), or --username with AEGIS_SETUP_PASSWORD or --password-stdin.',
    )
  }
  const asked =
    username ?? (await prompt.ask('Gitea user name (empty: use a token with the scope write:user)', String, ''))
  return asked === ''
    ? { kind: 'token', token: parseSecret(await prompt.askSecret('Token (not shown, not kept): '), 'token') }
    : {
        kind: 'password',
        username: asked,
        password: parseSecret(await prompt.askSecret('Password (not shown, not kept): '), 'password'),
        otp,
      }
}

function parseSecret(text: string, what: string): Secret {
  // a header value; anything else is a paste that went wrong
  if (text === '' || /[\r\n\0]/.test(text) || (what === 'token' && !/^[\x21-\x7e]+$/.test(text))) {
    throw new InvalidInput(`The ${what} is empty, or has characters in it that no ${what} has. Copy it again.`)
  }
  return new Secret(text)
}

async function readAll(stream: NodeJS.ReadableStream, what: string): Promise<string> {
  let text = ''
  for await (const chunk of stream) {
    text += String(chunk)
    if (text.length > 10_000) {
      throw new InvalidInput(`What came on standard input is too long to be a ${what}.`)
    }
  }
  return text.replace(/\r?\n$/, '')
}
