import type { OperationName } from '../gitea/operations.js'
import { AppError, Cancelled, UpstreamTimeout } from '../lib/errors.js'
import { mayReadPath, repositoryVisible } from '../policy/decide.js'
import type { ToolContext } from '../tools/define-tool.js'
import { createAuthorTrust } from './author-trust.js'
import type { AllowedCall, Gate, ToolCall } from './call.js'
import type { PreparedAnswer } from './outbound.js'
import { type CallFailure, type Refusal, refuse, toRefusal } from './refusal.js'
import { coversRepository } from './steps.js'

/** What the gate itself asks Gitea, as the caller, besides what the tool declared: reads only. */
export const GATE_OPERATIONS = ['listAssignees'] as const satisfies readonly OperationName[]

/** What a run did besides its answer. */
export interface RunFacts {
  /** Requests sent to Gitea. */
  readonly upstreamCalls: number
  /** Secrets masked before the answer was cut to size. */
  readonly masked: number
}

export type RunResult = RunFacts & ({ readonly ok: true; readonly answer: PreparedAnswer } | CallFailure)

/** Steps 11 and 12: the tool, with its deadline and its caller's way to Gitea and nothing else; then its answer made fit to leave. */
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
  const facts = { upstreamCalls: 0, masked: 0 }
  try {
    const answer = await allowed.tool.call(allowed.args, toContext(gate, call, allowed, controller.signal, facts))
    return { ok: true, answer: gate.outbound.prepare(answer, call.form ?? 'text'), ...facts }
  } catch (error) {
    // an edge: whatever is thrown, the call that was recorded as begun gets its outcome
    return { ...refuse(toFailure(gate, call, error)), ...facts }
  } finally {
    clearTimeout(deadline)
    call.signal.removeEventListener('abort', leave)
  }
}

/** An expected failure becomes words; anything else is ours to mend and says nothing but its request. */
function toFailure(gate: Gate, call: ToolCall, error: unknown): Refusal {
  if (error instanceof AppError) {
    if (error.detail !== undefined) {
      gate.log.info({ request_id: call.requestId, tool: call.tool, detail: error.detail }, 'upstream_detail')
    }
    return toRefusal(error)
  }
  gate.log.error({ request_id: call.requestId, tool: call.tool, err: error }, 'tool_failed')
  return {
    code: 'internal',
    status: 500,
    message: `Something went wrong on this server (request ${call.requestId}). Tell the admin; trying again may help.`,
  }
}

function toContext(
  gate: Gate,
  call: ToolCall,
  { tool, target }: AllowedCall,
  signal: AbortSignal,
  facts: { upstreamCalls: number; masked: number },
): ToolContext {
  const { caller } = call
  const policy = gate.policy.current()
  const sending = {
    signal,
    requestId: call.requestId,
    onRequest: () => {
      facts.upstreamCalls += 1
      // a client that asked for progress sees each step towards Gitea; how many there will be is not known
      call.progress?.(facts.upstreamCalls, undefined, 'Asking Gitea')
    },
  }
  return {
    gitea: gate.gitea.as(caller.gitea, { ...sending, operations: tool.operations }),
    objects: gate.objects,
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
    maskSecrets: (text) => {
      const { text: shown, masked } = gate.outbound.mask(text)
      facts.masked += masked
      return shown
    },
    trustAuthors: createAuthorTrust({
      mode: gate.authorTrust,
      login: caller.login,
      target: target === undefined ? undefined : { owner: target.owner, repo: target.name },
      gitea: gate.gitea.as(caller.gitea, { ...sending, operations: GATE_OPERATIONS }),
    }),
    progress: call.progress ?? (() => {}),
  }
}
