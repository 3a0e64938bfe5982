import { type OperationName, operations } from '../gitea/operations.js'
import { AppError, Cancelled, UpstreamTimeout } from '../lib/errors.js'
import { mayReadPath, repositoryVisible } from '../policy/decide.js'
import type { Tool, ToolAnswer, ToolContext, ToolLimits } from '../tools/define-tool.js'
import { createAuthorTrust } from './author-trust.js'
import type { AllowedCall, Gate, ToolCall } from './call.js'
import { isVisible } from './moved-call.js'
import type { AnswerForm, PreparedAnswer } from './outbound.js'
import { type CallFailure, type Refusal, refuse, toRefusal } from './refusal.js'
import { coversRepository } from './steps.js'
import { createRunFacts, type RunFacts, watchGitea } from './watch-gitea.js'
import { guardWrite } from './write-guards.js'

/** What the gate itself asks Gitea, as the caller, besides what the tool declared: reads only. */
export const GATE_OPERATIONS = ['getRepository', 'listAssignees'] as const satisfies readonly OperationName[]

export type RunResult = { readonly facts: RunFacts } & (
  | {
      readonly ok: true
      readonly answer: PreparedAnswer
      /** As the tool gave it, to be prepared again for an identical call. */
      readonly given: ToolAnswer
    }
  | CallFailure
)

/** Made once: taking a stack costs more than the rest of ending a call. */
const ENDED = new Cancelled('The call has ended.')

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
  const facts = createRunFacts()
  const ways = openWays(gate, call, allowed, controller.signal, facts)
  try {
    const { tool, target, args } = allowed
    if (target !== undefined && changesRepository(tool)) {
      await guardWrite(
        {
          gitea: ways.own,
          rules: gate.policy.current().privateToPublic,
          recentReads: gate.recentReads,
          reader: call.caller,
          clock: gate.clock,
        },
        { owner: target.owner, repo: target.name },
        facts,
      )
    }
    const given = await tool.call(args, toContext(gate, call, allowed, controller.signal, ways, facts))
    return { ok: true, given, answer: gate.outbound.prepare(given, toForm(allowed, call)), facts }
  } catch (error) {
    // an edge: whatever is thrown, the call that was recorded as begun gets its outcome
    facts.movedTo = (await isVisible(ways.own, facts.movedTo)) ? facts.movedTo : undefined
    return { ...refuse(toFailure(gate, call, error)), facts }
  } finally {
    clearTimeout(deadline)
    // one of several reads at once may have ended the call: the others are not wanted any more
    controller.abort(ENDED)
    call.signal.removeEventListener('abort', leave)
  }
}

function toForm({ tool }: AllowedCall, { form = 'text' }: ToolCall): AnswerForm {
  return form === 'text' && tool.answersJson === true ? 'json' : form
}

/** Marking a notification as read, for one, changes nothing that others could see; a job that is started may. */
function changesRepository(tool: Tool): boolean {
  if (tool.toolset === 'automation') {
    return tool.effect !== 'read'
  }
  return tool.operations.some((name) => operations[name].kind !== 'read' && operations[name].path.startsWith('/repos/'))
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

/** The caller's ways to Gitea in one call: the tool's declared operations, and the gate's own. */
function openWays(gate: Gate, call: ToolCall, { tool, target }: AllowedCall, signal: AbortSignal, facts: RunFacts) {
  const open = (names: readonly OperationName[]) => {
    const client = gate.gitea.as(call.caller.gitea, {
      operations: names,
      signal,
      requestId: call.requestId,
      onRequest: () => {
        facts.upstreamCalls += 1
        // a client that asked for progress sees each step towards Gitea; how many there will be is not known
        if (!facts.tellsProgress) {
          call.progress?.(facts.upstreamCalls, undefined, 'Asking Gitea')
        }
      },
    })
    return watchGitea(client, target, facts)
  }
  return { tools: open(tool.operations), own: open(GATE_OPERATIONS) }
}

/** The bound of text keeps what a model has to read small; a job reads files and lists as a program does. */
const JOB_MAX_CHARS = 1_000_000

function toLimits({ toolLimits }: Gate, { via }: ToolCall): ToolLimits {
  return via === 'job' ? { ...toolLimits, maxChars: Math.max(toolLimits.maxChars, JOB_MAX_CHARS) } : toolLimits
}

function toContext(
  gate: Gate,
  call: ToolCall,
  { tool, target }: AllowedCall,
  signal: AbortSignal,
  ways: ReturnType<typeof openWays>,
  facts: RunFacts,
): ToolContext {
  const { caller } = call
  const policy = gate.policy.current()
  return {
    gitea: ways.tools,
    objects: gate.objects,
    search: gate.search,
    automation: gate.automation(),
    login: caller.login,
    limits: toLimits(gate, call),
    signal,
    log: gate.log,
    mayReadPath: (path) => target === undefined || mayReadPath(policy, target, path).effect === 'allow',
    mayReadPathIn: (owner, name, path) => mayReadPath(policy, { owner, name }, path).effect === 'allow',
    mayUseRepository: (owner, name) => {
      const repository = { owner, name }
      const may =
        coversRepository(caller.grant, repository) &&
        (repositoryVisible(policy, tool.name, tool.effect === 'read' ? 'read' : 'write', repository) ||
          (call.job !== undefined && repositoryVisible(policy, `automation_${call.job}`, 'write', repository)))
      if (may) {
        facts.lookedInto.add(`${owner}/${name}`)
      }
      return may
    },
    mayChangeRepository: async () =>
      caller.permits === undefined ||
      target === undefined ||
      (await caller.permits(target, 'write', [])).effect === 'allow',
    maskSecrets: (text) => {
      const { text: shown, masked } = gate.outbound.mask(text)
      facts.masked += masked
      return shown
    },
    trustAuthors: createAuthorTrust({
      mode: gate.authorTrust,
      login: caller.login,
      target: target === undefined ? undefined : { owner: target.owner, repo: target.name },
      gitea: ways.own,
    }),
    progress: (done, total, message) => {
      facts.tellsProgress = true
      call.progress?.(done, total, message)
    },
  }
}
