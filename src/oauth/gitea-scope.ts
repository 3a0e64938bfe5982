/**
 * What we ask Gitea for, and what its answer really means. A Gitea grant is frozen at its first consent: asking for
 * another scope later is ignored. So the list is one constant, and what was granted is read back by introspection.
 */
import type { Scope } from './scope.js'

/** Never change or reorder: people who signed in before would keep the old grant until they remove it by hand. */
export const GITEA_SCOPE =
  'openid profile email read:user read:organization write:repository write:issue write:notification'

const GENERIC = new Set(['openid', 'profile', 'email', 'groups'])
const KNOWN =
  /^(?:all|public-only|(?:read|write):(?:activitypub|admin|misc|notification|organization|package|issue|repository|user))$/

export type ScopeVerdict = 'enough' | 'full_access' | 'too_little'

/**
 * Judges the scope Gitea reports for a token by Gitea's own rule: identity words are dropped, and what is left
 * means full access when it is empty or holds any word Gitea does not know (case matters).
 * Source: services/oauth2_provider/access_token.go, GrantAdditionalScopes.
 */
export function judgeGiteaScope(scope: string): ScopeVerdict {
  const granted = findRights(scope)
  if (granted === undefined) {
    return 'full_access'
  }
  const isCovered = (needed: string) => granted.has(needed) || granted.has(needed.replace(/^read:/, 'write:'))
  const needed = GITEA_SCOPE.split(' ').filter((word) => !GENERIC.has(word))
  // public-only hides the private repositories the person expects to work with
  return needed.every(isCovered) && !granted.has('public-only') ? 'enough' : 'too_little'
}

/** What a token of Gitea with this scope is good for here; by the same rule, nothing at all may mean everything. */
export function readGiteaScope(scope: string): 'full_access' | ReadonlySet<Scope> {
  const granted = findRights(scope)
  if (granted === undefined) {
    return 'full_access'
  }
  return new Set((['read:repository', 'write:repository'] as const).filter((word) => granted.has(word)))
}

/** The rights that a scope is about; undefined when Gitea takes it for full access. */
function findRights(scope: string): ReadonlySet<string> | undefined {
  const words = scope.split(/[\s,]+/).filter((word) => word !== '' && !GENERIC.has(word))
  const isFull = words.length === 0 || words.includes('all') || words.some((word) => !KNOWN.test(word))
  return isFull ? undefined : new Set(words)
}
