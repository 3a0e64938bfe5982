import type { GiteaClient } from '../gitea/client.js'
import { getRepository, type RepositoryName } from '../gitea/repos.js'
import { AppError } from '../lib/errors.js'
import { createCallId } from '../lib/ids.js'
import type { AllowedCall, ToolCall } from './call.js'
import type { Refusal } from './refusal.js'

/*
 * A repository that was renamed or moved. Gitea's redirect is never followed as such: the call goes through the whole
 * gate again under the new name, as a call of its own, once.
 */

/** Whether the caller may see the repository. Gitea tells its new name to everyone who knew the old one. */
export async function isVisible(gitea: GiteaClient, name: RepositoryName | undefined): Promise<boolean> {
  if (name === undefined) {
    return false
  }
  // not shown, moved again or not answered: then its name stays here
  try {
    await getRepository(gitea, name)
    return true
  } catch (error) {
    if (error instanceof AppError) {
      return false
    }
    throw error
  }
}

/** The same call under the new name, for the gate to decide anew; the request ties its entries to the first one's. */
export function toMovedCall(call: ToolCall, { args }: AllowedCall, to: RepositoryName): ToolCall {
  return { ...call, id: createCallId(), args: { ...args, ...to } }
}

export function describeMove({ target }: AllowedCall, to: RepositoryName): string {
  return `${target?.owner}/${target?.name} is now ${to.owner}/${to.repo}; use that name.`
}

/** Said when the call may not run under the new name, which then is not for this caller. */
export function refuseMoved({ target }: AllowedCall, refusal: Refusal): Refusal {
  return {
    code: refusal.code,
    status: refusal.status,
    message: `${target?.owner}/${target?.name} was renamed or moved, and this call is not allowed under its new name. Ask the person for it.`,
    ...(refusal.rule === undefined ? {} : { rule: refusal.rule }),
    ...(refusal.scopes === undefined ? {} : { scopes: refusal.scopes }),
    ...(refusal.retryAfterMs === undefined ? {} : { retryAfterMs: refusal.retryAfterMs }),
  }
}
