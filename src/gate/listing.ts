import type { Caller } from '../identity/caller.js'
import { decide, listable } from '../policy/decide.js'
import { isForClients, type Tool } from '../tools/define-tool.js'
import type { Gate } from './call.js'
import { checkOffered, type Narrowing } from './narrowing.js'
import { checkPanic } from './panic.js'
import { checkGrant, checkWriteGates, type Target } from './steps.js'

/**
 * P2: whether some call of the tool by this caller could run, or be approved. What could not is not listed, what is
 * listed could. Scopes are left out: a caller who lacks one is told which to ask for.
 */
export function couldRun(
  gate: Gate,
  tool: Tool,
  caller: Pick<Caller, 'grant'>,
  narrowing?: readonly Narrowing[],
): boolean {
  if (
    !isForClients(tool) ||
    checkPanic(gate.panic.current(), tool) !== undefined ||
    checkOffered(gate, tool, narrowing) !== undefined
  ) {
    return false
  }
  const { repo } = tool.input.shape
  const needsRepository = repo !== undefined && !repo.safeParse(undefined).success
  const places = findPlaces(gate, tool, caller)
  if (repo !== undefined && places === undefined) {
    return (
      isOpen(gate, tool, caller, undefined, true) &&
      ((!needsRepository && isAllowed(gate, tool, undefined)) ||
        listable(gate.policy.current(), tool.name, toPolicyEffect(tool)))
    )
  }
  const targets = [...(needsRepository ? [] : [undefined]), ...(repo === undefined ? [] : (places ?? []))]
  return targets.some((target) => isOpen(gate, tool, caller, target) && isAllowed(gate, tool, target))
}

/** The repositories that grant and write list leave; undefined when they name none. */
function findPlaces(gate: Gate, tool: Tool, { grant }: Pick<Caller, 'grant'>): readonly Target[] | undefined {
  const { allRepositories, repositories } = gate.write
  const writable = tool.effect === 'read' || allRepositories ? undefined : [...repositories]
  const names = grant.repositories ?? writable
  return names?.flatMap((name) => {
    const [owner, repo] = name.split('/')
    return owner === undefined || repo === undefined ? [] : [{ owner, name: repo }]
  })
}

/** The gates before the policy; where any repository will do, the write list is not asked. */
function isOpen(
  gate: Gate,
  tool: Tool,
  caller: Pick<Caller, 'grant'>,
  target: Target | undefined,
  anywhere = false,
): boolean {
  const rules = anywhere ? { ...gate.write, allRepositories: true } : gate.write
  return (
    checkWriteGates(tool, target, rules) === undefined &&
    checkGrant(tool, target, caller.grant, gate.clock.now()) === undefined
  )
}

function isAllowed(gate: Gate, tool: Tool, target: Target | undefined): boolean {
  const asked = {
    tool: tool.name,
    effect: toPolicyEffect(tool),
    ...(target === undefined ? {} : { repository: target }),
  }
  return decide(gate.policy.current(), asked).effect !== 'deny'
}

function toPolicyEffect(tool: Tool): 'read' | 'write' {
  return tool.effect === 'read' ? 'read' : 'write'
}
