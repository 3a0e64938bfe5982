import { toErrorText } from '../../src/lib/errors.js'
import { agreeInBrowser } from '../../test/support/agree-in-browser.js'
import { seedPeople } from '../../test/support/seed-gitea.js'
import { runChild } from '../run-child.js'

const INSTALL_MS = 180_000

export interface Visit {
  readonly mcpUrl: string
  /** Where a client may be installed and keep its files. */
  readonly folder: string
  /** An API key of `person`, good once they have signed in with any other client. */
  readonly apiKey: string
}

/** A client that nobody here wrote, from knowing nothing but an address to the answer of one call. */
export interface Client {
  readonly name: string
  /**
   * @returns a word on what it did
   * @throws DidNotRun when it cannot be had here; any other error means that it failed
   */
  signInAndCall(visit: Visit): Promise<string>
}

/** The client could not be tried, which says nothing about the server. */
export class DidNotRun extends Error {}

export const person = seedPeople.alice
export const call = { name: 'get_repository_info', arguments: { owner: 'harbor', repo: 'booking' } } as const

/** @throws Error when this is not the answer to `call` */
export function checkAnswer(text: string): void {
  if (!text.includes('harbor/booking')) {
    throw new Error(`the call answered ${text.slice(0, 300)}`)
  }
}

/** The address in a line in which a client asks its person to sign in at this server. */
export function findAuthorizeUrl(line: string, mcpUrl: string): string | undefined {
  const url = /https?:\/\/\S+/.exec(line)?.[0]
  return url?.startsWith(new URL('/authorize?', mcpUrl).href) ? url : undefined
}

/** Signs in where `line` asks for it and lets the client know at its callback. */
export async function followAuthorizeUrl(line: string, mcpUrl: string): Promise<void> {
  const authorize = findAuthorizeUrl(line, mcpUrl)
  if (authorize !== undefined) {
    await fetch(await agreeInBrowser(authorize, person))
  }
}

/**
 * Runs one step of an installation.
 *
 * @throws DidNotRun when it does not succeed
 */
export async function install(command: string, args: readonly string[], cwd: string): Promise<void> {
  const run = { command, args, cwd, timeoutMs: INSTALL_MS }
  const { code, lines } = await runChild(run).catch((error: unknown) => {
    throw new DidNotRun(toErrorText(error))
  })
  if (code !== 0) {
    const said = lines.filter((line) => line.trim() !== '').slice(-2)
    throw new DidNotRun(`“${[command, ...args].join(' ')}” ended with ${code}: ${said.join(' | ')}`)
  }
}
