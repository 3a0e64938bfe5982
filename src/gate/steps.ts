import { z } from 'zod'
import type { WriteRules } from '../config/config.js'
import type { Caller } from '../identity/caller.js'
import { type Grant, hasScope } from '../oauth/scope.js'
import type { Tool } from '../tools/define-tool.js'
import type { Refusal } from './refusal.js'

/*
 * The gate's own decisions, each a pure function: undefined lets the call pass, a Refusal ends it. `call.ts` strings
 * them together.
 */

export interface Target {
  readonly owner: string
  readonly name: string
}

/** The caller's token must cover the tool; the refusal names all scopes at once so that one consent is enough. */
export function checkScope(tool: Tool, caller: Caller): Refusal | undefined {
  if (hasScope(caller.scopes, tool.scope)) {
    return undefined
  }
  return {
    code: 'insufficient_scope',
    status: 403,
    message: `${tool.name} needs the scope ${tool.scope}, ${describeRemedy(tool, caller)}`,
    rule: `scope.${tool.scope}`,
    scopes: tool.scope === 'write:repository' ? ['read:repository', 'write:repository'] : [tool.scope],
  }
}

/** An API key cannot be authorized again by the client that holds it. */
function describeRemedy({ scope }: Tool, { clientId }: Caller): string {
  return clientId.startsWith('key:')
    ? `which this API key was not made with. Ask the admin for one that has it: aegis keys generate --scopes ${scope}.`
    : 'which this connection was not given. Authorize again and agree to it.'
}

export type ParsedArguments =
  | { readonly ok: true; readonly value: Record<string, unknown> }
  | { readonly ok: false; readonly refusal: Refusal }

/** Strict: unknown fields are refused, and the message names each field to change. */
export function parseArguments(tool: Tool, given: unknown): ParsedArguments {
  const parsed = tool.input.safeParse(given ?? {})
  if (parsed.success) {
    return { ok: true, value: parsed.data }
  }
  const known = Object.keys(tool.input.shape)
  const problems = toListed(parsed.error.issues.map((issue) => toProblem(issue, known)))
  return {
    ok: false,
    refusal: {
      code: 'invalid_input',
      status: 400,
      message: `${tool.name} cannot run with these arguments: ${problems}.`,
      rule: 'arguments',
    },
  }
}

function toProblem(issue: z.core.$ZodIssue, known: readonly string[]): string {
  if (issue.code === 'unrecognized_keys') {
    const fields = known.length === 0 ? 'it takes none' : `it takes ${known.join(', ')}`
    return `unknown ${toListed(
      issue.keys.map((key) => `“${toShort(key)}”`),
      ', ',
    )} (${fields})`
  }
  const field = z.core.toDotPath(issue.path)
  return field === '' ? toShort(issue.message) : `${toShort(field)}: ${toShort(issue.message)}`
}

const MAX_LISTED = 5
const MAX_SHOWN_CHARS = 160

/** The caller's own text comes back in refusals and goes into the log: a few short pieces of it, whatever was sent. */
function toListed(parts: readonly string[], separator = '; '): string {
  const more = parts.length - MAX_LISTED
  return parts.slice(0, MAX_LISTED).join(separator) + (more > 0 ? `${separator}and ${more} more` : '')
}

function toShort(text: string): string {
  return text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS).toWellFormed()}…` : text
}

/** Write mode and the whitelist stand outside the policy: both must say yes. */
export function checkWriteGates(tool: Tool, target: Target | undefined, rules: WriteRules): Refusal | undefined {
  if (tool.effect === 'read') {
    return undefined
  }
  if (!rules.enabled) {
    return writeRefusal(
      'write_mode.off',
      `${tool.name} changes things, and this server only reads (WRITE_MODE is off). Ask the admin to turn it on.`,
    )
  }
  if (rules.allRepositories) {
    return undefined
  }
  if (target !== undefined && rules.repositories.has(toKey(target))) {
    return undefined
  }
  const where = target === undefined ? 'what it targets' : `${target.owner}/${target.name}`
  return writeRefusal(
    'write_mode.whitelist',
    `${where} is not on this server's write list (WRITE_REPOSITORY_WHITELIST). Ask the admin to add it.`,
  )
}

function writeRefusal(rule: string, message: string): Refusal {
  return { code: 'write_mode', status: 403, message, rule }
}

/** What the person agreed to for this client, which may be less than the token's scopes say. */
export function checkGrant(tool: Tool, target: Target | undefined, grant: Grant, now: number): Refusal | undefined {
  if (grant.expiresAt !== null && grant.expiresAt <= now) {
    return grantRefusal('grant.expired', 'What you agreed to for this client has expired. Connect it again to go on.')
  }
  if (grant.readOnly && tool.effect !== 'read') {
    return grantRefusal(
      'grant.read_only',
      `This client was allowed to read only, and ${tool.name} changes things. If you want that, connect it again and allow writing, or use an API key without that limit.`,
    )
  }
  if (target !== undefined && !coversRepository(grant, target)) {
    return grantRefusal(
      'grant.repositories',
      `This client was allowed to use some repositories only, and ${target.owner}/${target.name} is not one of them. If you want that, connect it again, or use an API key without that limit.`,
    )
  }
  return undefined
}

export function coversRepository(grant: Grant, target: Target): boolean {
  return grant.repositories === null || grant.repositories.includes(toKey(target))
}

function grantRefusal(rule: string, message: string): Refusal {
  return { code: 'grant', status: 403, message, rule }
}

/** Gitea compares owner and repository names without case. */
function toKey(target: Target): string {
  return `${target.owner}/${target.name}`.toLowerCase()
}

/** The repository a call is about, from the arguments every repository tool shares. */
export function findTarget(args: Record<string, unknown>): Target | undefined {
  const { owner, repo } = args
  return typeof owner === 'string' && typeof repo === 'string' ? { owner, name: repo } : undefined
}
