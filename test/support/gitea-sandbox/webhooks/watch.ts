/**
 * Notices what changed and tells the webhooks that want it. Looks only while there are webhooks, after every request and
 * every hand that changes something.
 */
import { findAccount, getAccount } from '../lookup.js'
import type { Account, Instance } from '../state.js'
import type { Hook } from '../state-activity.js'
import { type HookEvent, toEvents } from './payloads.js'
import type { HookSender } from './sender.js'
import { listChanges, type Snapshot, takeSnapshot } from './snapshot.js'

export interface HookWatch {
  /** Notes how things are now: a webhook was made, which is not told of what was before it. */
  begin(): Promise<void>
  /** Tells of what changed since, as the doing of this person; the next look sees only what changes after. */
  settle(login: string | undefined): Promise<void>
}

export function createHookWatch(instance: Instance, sender: HookSender): HookWatch {
  const { state } = instance
  let last: Snapshot | undefined
  let turn: Promise<void> = Promise.resolve()

  const look = async (login: string | undefined) => {
    if (last === undefined) return
    const before = last
    const after = await takeSnapshot(instance)
    last = after
    for (const change of listChanges(instance, before, after)) {
      for (const event of await toEvents(instance, change, findDoer(instance, login))) {
        for (const hook of state.activity.hooks.values()) {
          if (isWanted(hook, event)) sender.send(hook, event.type, event.payload)
        }
      }
    }
  }
  /** One look after the other: each change is told once. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    turn = turn.then(work)
    return turn
  }
  return {
    begin: () =>
      inTurn(async () => {
        last ??= await takeSnapshot(instance)
      }),
    settle: (login) => inTurn(() => look(login)),
  }
}

function findDoer(instance: Instance, login: string | undefined): Account {
  return findAccount(instance.state, login ?? '') ?? getAccount(instance.state, 1)
}

function isWanted(hook: Hook, { type, repository, branch }: HookEvent): boolean {
  const { place, isActive, events, branchFilter } = hook
  const isThere =
    place === 'system' ||
    (typeof place === 'object' &&
      ('repositoryId' in place ? place.repositoryId === repository.id : place.organizationId === repository.ownerId))
  const hasBranch = branch === undefined || branchFilter === '' || toPattern(branchFilter).test(branch)
  return isActive && isThere && hasBranch && events.has(type)
}

function toPattern(filter: string): RegExp {
  return new RegExp(`^${filter.replace(/[.+?^$()|[\]\\]/g, '\\$&').replace(/\*+/g, '.*')}$`)
}
