import type { z } from 'zod'
import {
  type AppError,
  Conflict,
  Forbidden,
  InvalidInput,
  NotFound,
  RateLimited,
  toErrorText,
  UpstreamFailed,
} from '../lib/errors.js'
import { SECOND } from '../lib/units.js'
import type { RawAnswer } from './exchange.js'
import { RepositoryMoved } from './moved.js'
import { type OperationName, operations } from './operations.js'

/** What Gitea said, read but not yet checked. */
export interface GiteaAnswer {
  readonly operation: OperationName
  /** Parsed JSON, or the text itself for text operations. */
  readonly body: unknown
  /** All rows that match, where Gitea counts them. */
  readonly total: number | undefined
  /** Only text operations: there was more than the size limit. */
  readonly truncated: boolean
}

/** The answer is bigger than was asked for; nothing of it can be used. */
export class AnswerTooLarge extends UpstreamFailed {}

/**
 * Reads an answer with status 2xx; `token` is cut out of anything that goes to the log.
 *
 * @throws AnswerTooLarge when JSON did not fit
 * @throws UpstreamFailed when it is not what Gitea's API sends
 */
export function readAnswer(operation: OperationName, raw: RawAnswer, token: string): GiteaAnswer {
  const text = raw.bytes.toString('utf8')
  const type = headerOf(raw, 'content-type') ?? ''
  if (type.startsWith('text/html')) throw notTheApi(text, token)
  const total = totalOf(raw)
  if (operations[operation].answer === 'text') return { operation, body: text, total, truncated: raw.truncated }
  if (raw.truncated) throw new AnswerTooLarge(`Gitea's answer is larger than ${raw.bytes.length} bytes. Ask for less.`)
  return { operation, body: parseJson(text, token), total, truncated: false }
}

/**
 * Checks an answer against the fields we use.
 *
 * @throws UpstreamFailed when they are not there
 */
export function parseAnswer<T>(schema: z.ZodType<T>, answer: GiteaAnswer): T {
  const parsed = schema.safeParse(answer.body)
  if (parsed.success) return parsed.data
  const detail = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.code}`).join(', ')
  throw new UpstreamFailed(`Gitea answered ${answer.operation} in a form that is not known here.`, {
    detail: detail.slice(0, DETAIL_CHARS),
  })
}

const DETAIL_CHARS = 500
/** The scope words in `required=[read:user read:issue]`. */
const REQUIRED_SCOPES = /required=\[((?:(?:read|write):[a-z]+[ ,]*)+)\]/

interface ErrorContext {
  /** What was asked for, in words: `issue #12 of acme/web`. */
  readonly subject: string
  /** Named where an administrator has to look into Gitea's log. */
  readonly requestId: string
  /** Cut out of whatever a proxy may echo. */
  readonly token: string
}

/** What a status other than 2xx and 401 means. */
export function toGiteaError(operation: OperationName, raw: RawAnswer, context: ErrorContext): AppError {
  const { subject, requestId, token } = context
  const text = raw.bytes.toString('utf8')
  const said = messageOf(text)
  const detail = toDetail(`${operation}: HTTP ${raw.status}: ${said}`, token)
  switch (raw.status) {
    case 301:
    case 302:
    case 307:
    case 308:
      // said like any missing one: that there is something under another name is not for everybody
      return new RepositoryMoved(missing(subject), { detail, location: headerOf(raw, 'location') })
    case 400:
    case 405:
    case 412:
    case 413:
    case 422:
      return new InvalidInput(`Gitea could not use the request for ${subject}. Check the arguments.`, { detail })
    case 403:
      return toForbidden(said, subject, detail)
    case 404:
      return new NotFound(missing(subject), { detail })
    case 409:
      return new Conflict(
        `Gitea refused this because of a conflict (${subject}): it exists already, is empty or has changed.`,
        {
          detail,
        },
      )
    case 423:
      return new Forbidden('The repository is archived in Gitea: it can be read, not changed.', {
        rule: 'gitea.archived',
        detail,
      })
    case 429:
      return new RateLimited('Gitea, or a proxy before it, asks to slow down.', {
        retryAfterMs: (Number(headerOf(raw, 'retry-after')) || 1) * SECOND,
        detail,
      })
    default:
      return new UpstreamFailed(
        `Gitea failed on ${subject} (HTTP ${raw.status}). ${toNextStep(operation)}; its log has the reason (request id ${requestId}).`,
        { detail },
      )
  }
}

function missing(subject: string): string {
  return `There is no ${subject}, or this person may not see it.`
}

/** A write may have been carried out before it failed. */
function toNextStep(operation: OperationName): string {
  return operations[operation].kind === 'read'
    ? 'Try again'
    : 'Whether it was carried out is not known, look before asking for it again'
}

function toForbidden(said: string, subject: string, detail: string): Forbidden {
  if (said.includes('required scope') || said.includes('token scope')) {
    const scopes = REQUIRED_SCOPES.exec(said)?.[1]
    const needed = scopes ? `the Gitea scope ${scopes.trim()}` : 'a wider Gitea scope'
    return new Forbidden(
      `This needs ${needed}, which this sign-in does not have (${subject}). Sign in again and agree to it.`,
      {
        rule: 'gitea.scope',
        detail,
      },
    )
  }
  if (said.includes('prohibited from signing in') || said.includes('must change your password')) {
    return new Forbidden(
      'Gitea does not let this account work now: it is disabled, or its password must be changed in Gitea first.',
      { rule: 'gitea.account', detail },
    )
  }
  return new Forbidden(`Gitea does not let this person do that (${subject}).`, { rule: 'gitea.permission', detail })
}

/** Gitea sends `{"message": …}`, on some routes followed by a stray `null`, on others plain text or nothing. */
function messageOf(text: string): string {
  const first = text.trim().split('\n', 1)[0] ?? ''
  // an error body that is no JSON is still worth its text
  try {
    const body: unknown = JSON.parse(first)
    if (typeof body === 'object' && body !== null && 'message' in body) return String(body.message)
    return ''
  } catch {
    return first
  }
}

function parseJson(text: string, token: string): unknown {
  if (text.trim() === '') return null
  // the edge: a body cut off by Gitea (a file name that is not UTF-8) must not look like our own bug
  try {
    return JSON.parse(text)
  } catch (thrown) {
    const start = text.trimStart()
    if (start.startsWith('<')) throw notTheApi(text, token)
    throw new UpstreamFailed("Gitea's answer is cut off or damaged.", {
      // the parser quotes the text around the fault
      detail: toDetail(`${text.length} characters: ${toErrorText(thrown)}`, token),
    })
  }
}

function notTheApi(text: string, token: string): UpstreamFailed {
  return new UpstreamFailed(
    'What answered is a web page, not the API of Gitea: a proxy or login page stands before it, or its URL is wrong.',
    { detail: toDetail(text, token) },
  )
}

/** Upstream text for the log: bounded, and never with the token in it. */
function toDetail(text: string, token: string): string {
  return text.replaceAll(token, '[token]').slice(0, DETAIL_CHARS)
}

function headerOf(raw: RawAnswer, name: string): string | undefined {
  const value = raw.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function totalOf(raw: RawAnswer): number | undefined {
  const value = headerOf(raw, 'x-total-count')
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined
}
