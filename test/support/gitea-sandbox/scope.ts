/** Token scopes: bit logic and printed forms of models/auth/access_token_scope.go. */

const scopeCategories = [
  'activitypub',
  'admin',
  'misc',
  'notification',
  'organization',
  'package',
  'issue',
  'repository',
  'user',
] as const
export type ScopeCategory = (typeof scopeCategories)[number]

const everyWrite = scopeCategories.map((category) => `write:${category}`)
const known = new Set(['all', 'public-only', ...everyWrite, ...scopeCategories.map((category) => `read:${category}`)])
const generic = new Set(['openid', 'profile', 'email', 'groups'])

/** Normalised scope, comma separated in Gitea's order; undefined when a word is unknown. */
export function normalizeScope(scope: string): string | undefined {
  const words = scope.split(',').filter((word) => word !== '')
  if (!words.every((word) => known.has(word))) return undefined
  const has = new Set(words.includes('all') ? [...words, ...everyWrite] : words)
  has.delete('all')
  const result = has.has('public-only') ? ['public-only'] : []
  if (everyWrite.every((word) => has.has(word))) return [...result, 'all'].join(',')
  for (const category of scopeCategories) {
    if (has.has(`write:${category}`)) result.push(`write:${category}`)
    else if (has.has(`read:${category}`)) result.push(`read:${category}`)
  }
  return result.join(',')
}

/**
 * The API scope of an OAuth grant. T1: with no API word left, or any unknown one, the token may do everything
 * (services/oauth2_provider/access_token.go).
 */
export function grantApiScope(grantScope: string): string {
  const words = grantScope.split(' ').filter((word) => word !== '' && !generic.has(word))
  return words.length === 0 ? 'all' : (normalizeScope(words.join(',')) ?? 'all')
}

export function isPublicOnly(scope: string): boolean {
  return scope.split(',').includes('public-only')
}

/** The scopes a route needs of a token, as printed in the refusal. */
export function requiredScopes(categories: readonly ScopeCategory[], method: string): string[] {
  const level = ['POST', 'PUT', 'PATCH', 'DELETE'].includes(method) ? 'write' : 'read'
  return categories.map((category) => `${level}:${category}`)
}

export function hasScopes(scope: string, required: readonly string[]): boolean {
  const held = new Set(scope.split(','))
  return required.every(
    (word) =>
      held.has('all') || held.has(word) || (word.startsWith('read:') && held.has(word.replace('read:', 'write:'))),
  )
}
