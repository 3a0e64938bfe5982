import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Config, loadConfig } from '../../config/config.js'
import type { HookPlace } from '../../gitea/hook-place.js'
import { createHookClient, HOOK_EVENTS, type HookClient } from '../../gitea/hooks.js'
import { Forbidden, InvalidInput, NotFound, toErrorText, Unauthenticated } from '../../lib/errors.js'
import { findNearMisses } from '../../lib/near-miss.js'
import { Secret } from '../../lib/secret.js'
import { type CommandIo, Misuse, printLines } from '../command.js'
import { createPrompt } from '../prompt.js'

/** What every `aegis webhooks` that speaks with Gitea takes. */
export const HOOK_OPTIONS = {
  repo: { type: 'string' },
  org: { type: 'string' },
  instance: { type: 'boolean', default: false },
  url: { type: 'string' },
  'token-file': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

export const PLACE_USAGE = '(--repo <owner/name> | --org <name> | --instance)'

interface PlaceValues {
  readonly repo?: string | undefined
  readonly org?: string | undefined
  readonly instance: boolean
}

/** @throws Misuse unless exactly one place is named */
export function parsePlace({ repo, org, instance }: PlaceValues): HookPlace {
  if ([repo !== undefined, org !== undefined, instance].filter(Boolean).length !== 1) {
    throw new Misuse('Name one place: --repo owner/name, --org name or --instance.')
  }
  if (repo !== undefined) {
    const [, owner, name] = /^([\w.-]+)\/([\w.-]+)$/.exec(repo) ?? []
    if (owner === undefined || name === undefined) {
      throw new Misuse('--repo is written as owner/name.')
    }
    return { kind: 'repository', owner, repo: name }
  }
  if (org !== undefined) {
    if (!/^[\w.-]+$/.test(org)) {
      throw new Misuse('--org is the name of an organization in Gitea.')
    }
    return { kind: 'organization', org }
  }
  return { kind: 'instance' }
}

/** The place as options, to be copied into a shell. */
export function toPlaceOptions(place: HookPlace): string {
  switch (place.kind) {
    case 'repository':
      return `--repo ${place.owner}/${place.repo}`
    case 'organization':
      return `--org ${place.org}`
    case 'instance':
      return '--instance'
  }
}

/** @throws Misuse for a name that Gitea would drop without a word */
export function parseEvents(text: string): readonly string[] {
  const names = text.split(',').flatMap((name) => name.trim() || [])
  for (const name of names) {
    if (!HOOK_EVENTS.some((known) => known === name)) {
      const near = findNearMisses(name.slice(0, 60), [...HOOK_EVENTS])
      const meant = near.length === 0 ? `They are ${HOOK_EVENTS.join(', ')}.` : `Did you mean ${near.join(' or ')}?`
      throw new Misuse(`Gitea’s webhooks have no event ${name.slice(0, 60)}. ${meant}`)
    }
  }
  if (names.length === 0) {
    throw new Misuse('--events names at least one event.')
  }
  return [...new Set(names)].sort()
}

/** @throws Misuse for what is not a count of seconds */
export function parseSeconds(option: string, text: string): number {
  const seconds = Number(text)
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 3600) {
    throw new Misuse(`${option} is a number of seconds from 1 to 3600.`)
  }
  return seconds
}

/** Where Gitea is to deliver. */
export function parseTargetUrl(given: string | undefined, config: Config): string {
  const text = given ?? `${config.publicBaseUrl}/automation/webhook`
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new Misuse(
      '--url is the address at which Gitea reaches this server, like http://aegis:8080/automation/webhook.',
    )
  }
  return text
}

/** The settings of a server that takes webhooks. */
export function loadWebhookConfig(io: CommandIo): { readonly config: Config; readonly secrets: readonly Secret[] } {
  const config = loadConfig(io.env)
  if (config.automation === undefined) {
    throw new InvalidInput('Automation is off, so every delivery would be refused. Set AUTOMATION_ENABLED=true first.')
  }
  return { config, secrets: config.automation.webhookSecrets }
}

interface FoundToken {
  readonly token: Secret
  /** Named for this very purpose; otherwise it is the one the server works with, which may have too few rights. */
  readonly isMeant: boolean
}

function findToken(file: string | undefined, { env, cwd }: CommandIo): FoundToken | undefined {
  if (file !== undefined) {
    return { token: parseToken(readTokenFile(resolve(cwd, file)), 'in the file'), isMeant: true }
  }
  const meant = env.GITEA_ADMIN_TOKEN || undefined
  if (meant !== undefined) {
    return { token: parseToken(meant, 'in GITEA_ADMIN_TOKEN'), isMeant: true }
  }
  const own = env.AUTOMATION_TOKEN || env.GITEA_TOKEN || undefined
  return own === undefined ? undefined : { token: parseToken(own, 'in the settings'), isMeant: false }
}

function readTokenFile(path: string): string {
  // what is wrong with a file is for the operator to mend
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new InvalidInput(`The token cannot be read from ${path}.`, { detail: toErrorText(error) })
  }
}

function parseToken(text: string, where: string): Secret {
  const token = text.trim()
  if (!/^[\x21-\x7e]{1,4096}$/.test(token)) {
    throw new InvalidInput(`The token ${where} is empty, or has characters in it that no token has. Copy it again.`)
  }
  return new Secret(token)
}

const HOW_TO_GIVE_ONE =
  'Give a token of whoever administers the place: --token-file <path>, GITEA_ADMIN_TOKEN, or at the prompt of a terminal.'

/**
 * Runs `work` with a client of Gitea’s webhooks. With the server’s own token where no other is given; where that may not
 * do it and somebody sits at the terminal, they are asked for theirs and `work` runs again from its start.
 */
export async function withHooks<Result>(
  io: CommandIo,
  { giteaUrl, tokenFile }: { readonly giteaUrl: string; readonly tokenFile: string | undefined },
  work: (hooks: HookClient) => Promise<Result>,
): Promise<Result> {
  const found = findToken(tokenFile, io)
  const isAsking = io.stdin.isTTY === true && found?.isMeant !== true
  if (found === undefined && !isAsking) {
    throw new Misuse(HOW_TO_GIVE_ONE)
  }
  if (found !== undefined) {
    // an edge: what the server’s own token may not do, a person’s may
    try {
      return await work(createHookClient({ giteaUrl, token: found.token }))
    } catch (error) {
      const isRight = error instanceof Forbidden || error instanceof Unauthenticated || error instanceof NotFound
      if (found.isMeant || !isRight) {
        throw error
      }
      if (!isAsking) {
        throw new InvalidInput(
          `${error.message} It is the token that the server itself works with. ${HOW_TO_GIVE_ONE}`,
          {
            ...(error.detail === undefined ? {} : { detail: error.detail }),
          },
        )
      }
      printLines(io.stderr, `${error.message} It is the token that the server itself works with.`)
    }
  }
  const prompt = createPrompt({ ...io, stdout: io.stderr })
  try {
    const token = parseToken(await prompt.askSecret('Gitea token for this (not shown, not kept): '), 'that was typed')
    return await work(createHookClient({ giteaUrl, token }))
  } finally {
    prompt.close()
  }
}
