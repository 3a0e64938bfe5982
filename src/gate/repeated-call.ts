import { auditPending, auditSuccess } from './audit-events.js'
import type { AllowedCall, Gate, ToolCall } from './call.js'
import { type CallOutcome, type Refusal, refuse } from './refusal.js'
import type { Entrance } from './repeats.js'
import { createRunFacts } from './watch-gitea.js'

type Earlier = Exclude<Entrance, { kind: 'first' | 'left' }>

/** The write may have been carried out, and nobody knows: doing it again blindly could do it twice. */
export function refuseRepeat(gate: Gate, { call, at }: Earlier): Refusal {
  return {
    code: 'conflict',
    status: 409,
    message: `The same call was made ${toAgo(gate, at)}, and how much of it Gitea carried out is not known. Look at the result there first; if nothing was done, ask again in a minute.`,
    rule: 'repeat.unclear',
    details: { repeats: call },
  }
}

/** The first call's answer once more, recorded as a call that did nothing. */
export async function answerRepeat(
  gate: Gate,
  call: ToolCall,
  allowed: AllowedCall,
  earlier: Earlier & { readonly kind: 'done' },
  record: (event: ReturnType<typeof auditPending>) => Promise<Refusal | undefined>,
): Promise<CallOutcome> {
  const startedAt = performance.now()
  const decision = { effect: 'allow', rule: 'repeat', reason: `The same call as ${earlier.call}.` } as const
  const refusal = await record(auditPending(gate, call, { ...allowed, decision }))
  if (refusal !== undefined) {
    return refuse(refusal)
  }
  const answer = gate.outbound.prepare(earlier.answer, call.form ?? 'text')
  const ran = { answer, given: earlier.answer, facts: createRunFacts(), repeats: earlier.call }
  gate.audit.recordSoon(auditSuccess(gate, call, allowed, ran, performance.now() - startedAt))
  const note = `This call was made ${toAgo(gate, earlier.at)} already, and nothing was done again; its answer was the following. To do it once more, change something in it.`
  return { ok: true, text: `${note}\n${answer.text}`, data: answer.data ?? {}, notes: [note] }
}

function toAgo(gate: Gate, at: number): string {
  return `${Math.max(0, Math.round((gate.clock.now() - at) / 1000))} s ago`
}
