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

/** A call as a request asks for it. */
interface Asked {
  readonly tool: string
  readonly args: Record<string, unknown>
  readonly correlationId?: string | null | undefined
}

export interface DirectDoor {
  /** `GET /mcp/tools`: what policy and settings leave to anybody at all. */
  list(ctx: DoorContext): Promise<void>
  /** `POST /mcp/tool/call`. */
  call(ctx: DoorContext): Promise<void>
  /** `POST /automation/jobs/run`: `run_automation_job`. */
  runJob(ctx: DoorContext): Promise<void>
  /** `GET /automation/jobs/{id}`: `get_automation_run`, wherever the run is. */
  getJob(ctx: DoorContext, id: string): Promise<void>
}

const MAX_CORRELATION_CHARS = 128

const correlationId = z
  .string()
  .regex(/^[\x21-\x7e]+$/)
  .max(MAX_CORRELATION_CHARS)
  .nullish()

const Call = z.strictObject({
  tool: z.string(),
  arguments: z.record(z.string(), z.unknown()).nullish(),
  correlation_id: correlationId,
})

/** The fields of `run_automation_job`, which says what is wrong with one. */
const JobRun = z.looseObject({ correlation_id: correlationId })

const CORRELATION = 'and if you like "correlation_id", up to 128 visible ASCII characters; nothing else.'
const FIELDS = `This is no tool call. Send {"tool": "…", "arguments": {…}}, ${CORRELATION}`
const JOB_FIELDS = `This is no job to run. Send {"job": "…", "owner": "…", "repo": "…", "dry_run": true, "parameters": {…}}, ${CORRELATION}`

/** Nobody in particular: no consent has narrowed anything. */
const ANYBODY = { grant: { readOnly: false, repositories: null, expiresAt: null } } as const

export function createDirectDoor(deps: DirectDeps): DirectDoor {
  const { gate, challenges, listed } = deps

  const answer = async (
    ctx: DoorContext,
    method: 'GET' | 'POST',
    read: () => Promise<Asked | TurnedAway>,
    reword: (refusal: Refusal) => Refusal = (refusal) => refusal,
  ): Promise<void> => {
    const refuse = (away: Omit<TurnedAway, 'because'>, code: Refusal['code'], name = ctx.state.requestId) => {
      ctx.status = away.status
      ctx.set(away.headers)
      ctx.body = { success: false, result: null, error: away.message, error_code: code, correlation_id: name }
    }
    const request = await enter(deps, ctx, 'direct')
    if ('because' in request) {
      refuse(request, toCode(request))
      return
    }
    if (ctx.method !== method) {
      const message = `This endpoint takes ${method} only.`
      refuse({ status: 405, headers: { allow: `${method}, OPTIONS` }, message }, 'invalid_input')
      return
    }
    const asked = await read()
    if ('because' in asked) {
      refuse(asked, toCode(asked))
      return
    }
    const { tool, args, correlationId: given } = asked
    const name = given ?? ctx.state.requestId
    const wanted = { tool, args, form: 'data', correlationId: name } as const
    const outcome = await callForRequest(deps, request, wanted, toSignal(ctx))
    if (!outcome.ok) {
      const refusal = reword(outcome.refusal)
      const { headers = {} } = challenges.forRefusal(refusal, 'direct') ?? {}
      refuse({ status: refusal.status, headers, message: refusal.message }, refusal.code, name)
      return
    }
    ctx.body = {
      success: true,
      result: outcome.data,
      error: null,
      correlation_id: name,
      ...(outcome.notes.length === 0 ? {} : { notes: outcome.notes }),
    }
  }

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

    call: (ctx) =>
      answer(ctx, 'POST', async () => {
        const asked = await readAsked(ctx, Call, FIELDS)
        if ('because' in asked) {
          return asked
        }
        const { tool, arguments: args, correlation_id } = asked.json
        return { tool, args: args ?? {}, correlationId: correlation_id }
      }),

    runJob: (ctx) =>
      answer(ctx, 'POST', async () => {
        const asked = await readAsked(ctx, JobRun, JOB_FIELDS)
        if ('because' in asked) {
          return asked
        }
        const { correlation_id, ...args } = asked.json
        return { tool: 'run_automation_job', args, correlationId: correlation_id }
      }),

    getJob: (ctx, id) =>
      answer(
        ctx,
        'GET',
        async () => {
          const place = gate.automation()?.findRepository(id)
          // the gate's own words where automation is off; the names are no repository's
          return { tool: 'get_automation_run', args: { ...(place ?? NOWHERE), run_id: id } }
        },
        (refusal) => (HIDES.has(refusal.code) ? toUnknownRun(refusal, id) : refusal),
      ),
  }
}

async function readAsked<Wanted>(
  { req }: DoorContext,
  schema: z.ZodType<Wanted>,
  fields: string,
): Promise<{ readonly json: Wanted } | TurnedAway> {
  const read = await readJsonBody(req)
  if ('because' in read) {
    return read
  }
  const asked = schema.safeParse(read.json)
  return asked.success ? { json: asked.data } : { because: 'body', status: 400, headers: {}, message: fields }
}

/** Whoever may not see a repository must not learn from a run's id that there is one, or its name. */
const HIDES = new Set<Refusal['code']>(['not_found', 'forbidden', 'grant', 'policy', 'repository_permission_denied'])
const NOWHERE = { owner: '-', repo: '-' }

function toUnknownRun(refusal: Refusal, id: string): Refusal {
  const message = `There is no run ${id.slice(0, 64)} of an automation, or its repository is not open to you.`
  return { ...refusal, code: 'not_found', status: 404, message }
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
