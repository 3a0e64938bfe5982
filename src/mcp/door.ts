import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type Koa from 'koa'
import { listClientTools } from '../gate/call.js'
import type { Narrowing } from '../gate/narrowing.js'
import { AppError, InvalidInput } from '../lib/errors.js'
import { isNestedDeeper } from '../lib/json-depth.js'
import { readBody } from '../lib/read-body.js'
import type { Secret } from '../lib/secret.js'
import { MIB } from '../lib/units.js'
import type { Admission } from './admission.js'
import type { CallDeps, McpRequest } from './gate-call.js'
import { parseNarrowing } from './request-narrowing.js'

/* What every door for programs asks before it looks at a request: which page sent it, who calls, what is left out. */

const MAX_BODY_BYTES = 4 * MIB
/** No tool takes a tenth of it, and the SDK's checks call themselves for every level. */
const MAX_DEPTH = 100

export interface DoorDeps extends CallDeps {
  readonly admission: Admission
  isAllowedOrigin(origin: string): boolean
}

export type DoorContext = Koa.ParameterizedContext<{ requestId: string; address: string; queryKey?: Secret }>

/** Why a request goes no further, for each door to say in its own form. */
export interface TurnedAway {
  readonly because: 'origin' | 'identity' | 'narrowing' | 'body'
  readonly status: number
  readonly headers: Record<string, string>
  readonly message: string
}

/** The request with its caller, or why it goes no further. */
export async function enter(
  deps: DoorDeps,
  ctx: DoorContext,
  via: McpRequest['via'],
): Promise<McpRequest | TurnedAway> {
  const { req } = ctx
  const { requestId, address } = ctx.state
  const { origin } = req.headers
  if (origin !== undefined && !deps.isAllowedOrigin(origin)) {
    return {
      because: 'origin',
      status: 403,
      headers: {},
      message: `Pages of ${origin.slice(0, 200)} may not call this server. See CORS_ORIGINS.`,
    }
  }
  const caller = await deps.admission.admit(req, ctx.state)
  if ('status' in caller) {
    const { status, headers, message = 'This request is refused.' } = caller
    return { because: 'identity', status, headers, message }
  }
  const narrowing = findNarrowing(deps, ctx.querystring, req.headers)
  if (narrowing instanceof InvalidInput) {
    return { because: 'narrowing', status: narrowing.status, headers: {}, message: narrowing.message }
  }
  return { caller, requestId, address, via, narrowing }
}

/** The JSON body of a request, whatever it holds, or what is wrong with it. */
export async function readJsonBody(req: IncomingMessage): Promise<{ readonly json: unknown } | TurnedAway> {
  const turnAway = (status: number, message: string): TurnedAway => ({ because: 'body', status, headers: {}, message })
  if (!/^application\/json\s*(?:;|$)/i.test(req.headers['content-type'] ?? '')) {
    return turnAway(415, 'Send the request as application/json.')
  }
  try {
    const bytes = await readBody(req, MAX_BODY_BYTES)
    return isNestedDeeper(bytes, MAX_DEPTH)
      ? turnAway(400, `The request body is nested deeper than ${MAX_DEPTH} levels.`)
      : { json: JSON.parse(bytes.toString('utf8')) }
  } catch (error) {
    // what a client can get wrong here becomes the answer
    return error instanceof AppError
      ? turnAway(error.status, error.message)
      : turnAway(400, 'The request body is not valid JSON.')
  }
}

/** What the connection asks to be left out, or what is wrong with how it asks. */
function findNarrowing(
  { gate }: CallDeps,
  query: string,
  headers: IncomingHttpHeaders,
): readonly Narrowing[] | InvalidInput {
  try {
    return parseNarrowing(query, headers, listClientTools(gate))
  } catch (error) {
    // what a person can get wrong in an address becomes the answer
    if (error instanceof InvalidInput) {
      return error
    }
    throw error
  }
}
