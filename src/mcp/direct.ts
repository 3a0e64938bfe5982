import { z } from 'zod'
import { couldRun } from '../gate/listing.js'
import type { Refusal } from '../gate/refusal.js'
import { type DoorContext, type DoorDeps, enter, readJsonBody, type TurnedAway } from './door.js'
import { callForRequest } from './gate-call.js'
import type { ListedTool } from './tool-list.js'

/*
 * The doors for programs without an MCP library: plain JSON, the same gate. A refusal is told by its HTTP status and
 * repeated in the body.
 */

interface DirectDeps extends DoorDeps {
  readonly listed: readonly ListedTool[]
}

export interface DirectDoor {
  /** `GET /mcp/tools`: what policy and settings leave to anybody at all. */
  list(ctx: DoorContext): Promise<void>
  /** `POST /mcp/tool/call`. */
  call(ctx: DoorContext): Promise<void>
}

const MAX_CORRELATION_CHARS = 128

const Call = z.strictObject({
  tool: z.string(),
  arguments: z.record(z.string(), z.unknown()).nullish(),
  correlation_id: z
    .string()
    .regex(/^[\x21-\x7e]+$/)
    .max(MAX_CORRELATION_CHARS)
    .nullish(),
})

const FIELDS =
  'Send {"tool": "…", "arguments": {…}}, and if you like "correlation_id", up to 128 visible ASCII characters; nothing else.'

/** Nobody in particular: no consent has narrowed anything. */
const ANYBODY = { grant: { readOnly: false, repositories: null, expiresAt: null } } as const

export function createDirectDoor(deps: DirectDeps): DirectDoor {
  const { gate, challenges, listed } = deps

  return {
    list: async (ctx) => {
      ctx.body = {
        tools: listed
          .filter(({ tool }) => couldRun(gate, tool, ANYBODY))
          .map(({ tool, mcp }) => ({
            name: tool.name,
            title: tool.title,
            description: tool.description,
            inputSchema: mcp.inputSchema,
          })),
      }
    },

    call: async (ctx) => {
      const refuse = (
        away: Omit<TurnedAway, 'because'>,
        code: Refusal['code'],
        correlationId = ctx.state.requestId,
      ) => {
        ctx.status = away.status
        ctx.set(away.headers)
        ctx.body = {
          success: false,
          result: null,
          error: away.message,
          error_code: code,
          correlation_id: correlationId,
        }
      }
      const request = await enter(deps, ctx, 'direct')
      if ('because' in request) {
        refuse(request, toCode(request))
        return
      }
      if (ctx.method !== 'POST') {
        const message = 'This endpoint takes POST only.'
        refuse({ status: 405, headers: { allow: 'POST, OPTIONS' }, message }, 'invalid_input')
        return
      }
      const read = await readJsonBody(ctx.req)
      if ('because' in read) {
        refuse(read, toCode(read))
        return
      }
      const asked = Call.safeParse(read.json)
      if (!asked.success) {
        refuse({ status: 400, headers: {}, message: `This is no tool call. ${FIELDS}` }, 'invalid_input')
        return
      }
      const { tool, arguments: args } = asked.data
      const correlationId = asked.data.correlation_id ?? ctx.state.requestId
      const wanted = { tool, args: args ?? {}, form: 'data', correlationId } as const
      const outcome = await callForRequest(deps, request, wanted, toSignal(ctx))
      if (!outcome.ok) {
        const { refusal } = outcome
        refuse(
          {
            status: refusal.status,
            headers: challenges.forRefusal(refusal, 'direct')?.headers ?? {},
            message: refusal.message,
          },
          refusal.code,
          correlationId,
        )
        return
      }
      ctx.body = {
        success: true,
        result: outcome.data,
        error: null,
        correlation_id: correlationId,
        ...(outcome.notes.length === 0 ? {} : { notes: outcome.notes }),
      }
    },
  }
}

const BY_STATUS: Record<number, Refusal['code']> = {
  401: 'unauthenticated',
  403: 'forbidden',
  429: 'rate_limited',
  503: 'unavailable',
}

function toCode({ status }: TurnedAway): Refusal['code'] {
  return BY_STATUS[status] ?? 'invalid_input'
}

/** Fires when the client leaves before its answer. */
function toSignal({ res }: DoorContext): AbortSignal {
  const left = new AbortController()
  res.once('close', () => {
    if (!res.writableFinished) {
      left.abort()
    }
  })
  return left.signal
}
