import { readFileSync } from 'node:fs'
import { LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { InvalidInput, toErrorText } from '../lib/errors.js'
import type { Env } from './env.js'

/*
 * The file of other identity providers (OIDC_ISSUERS_PATH). Who a token means is never guessed: the claim that holds
 * the Gitea login, and what each scope is good for, are written down or the server does not start.
 */

/** Signatures by private keys only: with a shared secret whoever can check a token could make one. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const
const DEFAULT_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const

const word = z.string().min(1).max(500)
const Issuer = z.strictObject({
  issuer: z.string().refine(isIssuerUrl, {
    error: 'must be the issuer exactly as its tokens name it, an https address without query',
  }),
  audience: z
    .union([word.transform((one) => [one]), z.array(word).min(1)], { error: 'must be a text or a list of texts' })
    .optional(),
  login_claim: z.string({
    error: 'must name the claim that holds the Gitea login, for example preferred_username; it is never guessed',
  }),
  login_domain: z
    .string()
    .regex(/^[\w-]+(?:\.[\w-]+)*$/, { error: 'must be a domain like example.org, without @' })
    .optional(),
  scopes: z
    .record(word, z.enum(['read:repository', 'write:repository']), {
      error: 'must say what each scope of the issuer is good for, for example {"mcp:execute": read:repository}',
    })
    .refine((scopes) => Object.keys(scopes).length > 0, { error: 'must name at least one scope' }),
  algorithms: z
    .array(z.enum(ALGORITHMS))
    .min(1)
    .default([...DEFAULT_ALGORITHMS]),
  primary: z.boolean().default(false),
})
const IssuersFile = z.strictObject({ issuers: z.array(Issuer).min(1) })

/** An identity provider whose access tokens are taken. */
export interface IssuerSettings {
  /** Exactly as its tokens name it, slash at the end included. */
  readonly issuer: string
  /** A token must name one of these. */
  readonly audiences: readonly string[]
  readonly loginClaim: string
  /** When set the claim reads `login@domain`, with this domain and no other. */
  readonly loginDomain: string | undefined
  /** What each scope of the issuer is good for here. */
  readonly scopes: ReadonlyMap<string, 'read:repository' | 'write:repository'>
  readonly algorithms: readonly string[]
  /** Whether clients are sent there to sign in, rather than to this server. */
  readonly isPrimary: boolean
}

/** The issuers that the settings name; what is wrong with them is added to `problems`. */
export function toIssuers(
  env: Pick<Env, 'OIDC_ISSUERS_PATH' | 'OAUTH_MODE' | 'OAUTH_EXPECTED_AUDIENCE'>,
  publicBaseUrl: string,
  problems: string[],
): readonly IssuerSettings[] {
  if (env.OAUTH_EXPECTED_AUDIENCE.length > 0 && !env.OAUTH_MODE) {
    problems.push('OAUTH_EXPECTED_AUDIENCE means something with OAUTH_MODE=true only. Set both or neither.')
  }
  if (env.OIDC_ISSUERS_PATH === undefined) {
    return []
  }
  // an edge: told together with what is wrong with the other settings
  try {
    return loadIssuers(env.OIDC_ISSUERS_PATH, `${publicBaseUrl}/mcp`)
  } catch (error) {
    problems.push(`OIDC_ISSUERS_PATH: ${toErrorText(error)}`)
    return []
  }
}

/**
 * Reads the issuers, in the order of the file.
 *
 * @param resource the audience of issuers for which none is written
 * @throws InvalidInput naming what to change and where
 */
function loadIssuers(path: string, resource: string): readonly IssuerSettings[] {
  const { issuers } = parseFile(readFile(path))
  const names = issuers.map(({ issuer }) => issuer)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) {
    throw new InvalidInput(`${twice} is there twice. Put all of it in one entry.`)
  }
  if (issuers.filter(({ primary }) => primary).length > 1) {
    throw new InvalidInput('only one issuer can be primary: clients sign in at the first one that is named to them.')
  }
  return issuers.map((found) => ({
    issuer: found.issuer,
    audiences: found.audience ?? [resource],
    loginClaim: found.login_claim,
    loginDomain: found.login_domain?.toLowerCase(),
    scopes: new Map(Object.entries(found.scopes)),
    algorithms: found.algorithms,
    isPrimary: found.primary,
  }))
}

function readFile(path: string): string {
  // an edge: the system's words are of no help without the path
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new InvalidInput(`${path} cannot be read: ${toErrorText(error)}.`)
  }
}

function parseFile(text: string): z.output<typeof IssuersFile> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  const [fault] = document.errors
  if (fault !== undefined) {
    throw new InvalidInput(`line ${lines.linePos(fault.pos[0]).line}: this is not YAML as it should be: ${fault.code}.`)
  }
  const parsed = IssuersFile.safeParse(document.toJS())
  if (parsed.success) {
    return parsed.data
  }
  const problems = parsed.error.issues.map(({ path, message, code, ...issue }) => {
    const place = path.map((part) => (typeof part === 'number' ? `[${part + 1}]` : `.${String(part)}`)).join('')
    const said = code === 'unrecognized_keys' && 'keys' in issue ? `does not know ${issue.keys.join(', ')}` : message
    return `${place.replace(/^\./, '') || 'the file'} ${said}`
  })
  throw new InvalidInput(`${problems.join('; ')}.`)
}

function isIssuerUrl(text: string): boolean {
  const url = URL.parse(text)
  return (
    url !== null &&
    url.search === '' &&
    url.hash === '' &&
    !/[?#]/.test(text) &&
    url.username === '' &&
    (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname)))
  )
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}
