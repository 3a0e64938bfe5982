import { AppError, Cancelled, toErrorText, UpstreamTimeout } from '../lib/errors.js'
import { mayReadPath, repositoryVisible } from '../policy/decide.js'
import type { ToolAnswer, ToolContext } from '../tools/define-tool.js'
import type { AllowedCall, Gate, ToolCall } from './call.js'
import { type CallFailure, refuse, toRefusal } from './refusal.js'
import { coversRepository } from './steps.js'

export type RunResult = { readonly upstreamCalls: number } & (
  | { readonly ok: true; readonly answer: ToolAnswer }
  | CallFailure
)

/** Step 11: the tool, with its deadline, its caller's way to Gitea and nothing else. */
export async function runTool(gate: Gate, call: ToolCall, allowed: AllowedCall): Promise<RunResult> {
  const controller = new AbortController()
  const leave = () => controller.abort(new Cancelled('The caller left before the call was finished.'))
  const deadline = setTimeout(
    () => controller.abort(new UpstreamTimeout('Gitea took too long for this call. Ask for less, or try again.')),
    gate.deadlineMs,
  )
  if (call.signal.aborted) {
    leave()
  }
  call.signal.addEventListener('abort', leave, { once: true })
  let upstreamCalls = 0
  try {
    const context = toContext(gate, call, allowed, controller.signal, () => {
      upstreamCalls += 1
    })
    const answer = await allowed.tool.call(allowed.args, context)
    return { ok: true, answer, upstreamCalls }
  } catch (error) {
    // the edge of the gate: an expected failure becomes words, anything else is ours to mend and says nothing
    if (error instanceof AppError) {
      if (error.detail !== undefined) {
        gate.log.info({ request_id: call.requestId, tool: allowed.tool.name, detail: error.detail }, 'upstream_detail')
      }
      return { ...refuse(toRefusal(error)), upstreamCalls }
    }
    gate.log.error({ request_id: call.requestId, tool: allowed.tool.name, err: error }, 'tool_failed')
    const message = `Something went wrong on this server (request ${call.requestId}). Tell the admin; trying again may help.`
    return {
      ...refuse({ code: 'internal', status: 500, message, rule: toErrorText(error).slice(0, 80) }),
      upstreamCalls,
    }
  } finally {
    clearTimeout(deadline)
    call.signal.removeEventListener('abort', leave)
  }
}

function toContext(
  gate: Gate,
  call: ToolCall,
  { tool, target }: AllowedCall,
  signal: AbortSignal,
  onRequest: () => void,
): ToolContext {
  const { caller } = call
  const policy = gate.policy.current()
  return {
    gitea: gate.gitea.as(caller.gitea, {
      operations: tool.operations,
      signal,
      requestId: call.requestId,
      onRequest,
    }),
    login: caller.login,
    limits: gate.toolLimits,
    signal,
    log: gate.log,
    mayReadPath: (path) => target === undefined || mayReadPath(policy, target, path).effect === 'allow',
    mayUseRepository: (owner, name) => {
      const repository = { owner, name }
      return (
        coversRepository(caller.grant, repository) &&
        repositoryVisible(policy, tool.name, tool.effect === 'read' ? 'read' : 'write', repository)
      )
    },
    progress: call.progress ?? (() => {}),
  }
}
