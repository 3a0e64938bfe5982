import { type AppError, Forbidden, InvalidInput, NotFound, Unauthenticated, UpstreamFailed } from '../lib/errors.js'

/** Where a webhook hangs. */
export type HookPlace =
  | { readonly kind: 'repository'; readonly owner: string; readonly repo: string }
  | { readonly kind: 'organization'; readonly org: string }
  | { readonly kind: 'instance' }

export type HookMethod = 'GET' | 'POST' | 'PATCH' | 'DELETE'

const RIGHTS: Readonly<Record<HookPlace['kind'], { readonly scope: string; readonly role: string }>> = {
  repository: { scope: 'repository', role: 'an administrator of the repository' },
  organization: { scope: 'organization', role: 'an owner of the organization' },
  instance: { scope: 'admin', role: 'a site administrator' },
}

/** The place in words: `acme/web`. */
export function toPlaceName(place: HookPlace): string {
  switch (place.kind) {
    case 'repository':
      return `${place.owner}/${place.repo}`
    case 'organization':
      return `the organization ${place.org}`
    case 'instance':
      return 'the instance'
  }
}

/** What a status other than 2xx means, and which right is missing. */
export function toHookRefusal(
  { status, text }: { status: number; text: string },
  method: HookMethod,
  place: HookPlace,
): AppError {
  const { scope, role } = RIGHTS[place.kind]
  const options = { detail: `HTTP ${status}: ${text.slice(0, 500)}` }
  const name = toPlaceName(place)
  if (status === 401) {
    return new Unauthenticated('Gitea does not know this token, or it was revoked. Make a new one in Gitea.', {
      ...options,
      source: 'gitea',
    })
  }
  if (status === 403 && /required scope|token scope/.test(text)) {
    return new Forbidden(
      `This token lacks the scope ${method === 'GET' ? 'read' : 'write'}:${scope}. Make one with write:${scope}, of ${role}.`,
      { ...options, rule: 'gitea.scope' },
    )
  }
  if (status === 403 && /webhooks disabled/.test(text)) {
    return new Forbidden('Webhooks are switched off in Gitea: DISABLE_WEBHOOKS = true in the section [security].', {
      ...options,
      rule: 'gitea.webhooks',
    })
  }
  if (status === 403) {
    return new Forbidden(
      `Whose token this is may not manage the webhooks of ${name}: that takes ${role} and a token with the scope write:${scope}.`,
      { ...options, rule: 'gitea.permission' },
    )
  }
  if (status === 404) {
    return new NotFound(`There is no ${name} in Gitea, no such webhook there, or this token may not see it.`, options)
  }
  if (status >= 300 && status < 400) {
    return new NotFound(
      `${name} has another name now, or GITEA_URL leads to another address. Use the new one.`,
      options,
    )
  }
  if (status === 422 || status === 400) {
    return new InvalidInput(`Gitea does not take such a webhook for ${name}. Look at its address.`, options)
  }
  return new UpstreamFailed(
    `Gitea failed on the webhooks of ${name} (HTTP ${status}); its log has the reason.`,
    options,
  )
}
