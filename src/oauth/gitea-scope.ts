/**
 * What we ask Gitea for, and what its answer really means. A Gitea grant is frozen at its first consent: asking for
 * another scope later is ignored. So the list is one constant, and what was granted is read back by introspection.
 */

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
  const words = scope.split(/[\s,]+/).filter((word) => word !== '' && !GENERIC.has(word))
  if (words.length === 0 || words.includes('all') || words.some((word) => !KNOWN.test(word))) {
    return 'full_access'
  }
  const granted = new Set(words)
  const isCovered = (needed: string) => granted.has(needed) || granted.has(needed.replace(/^read:/, 'write:'))
  const needed = GITEA_SCOPE.split(' ').filter((word) => !GENERIC.has(word))
  // public-only hides the private repositories the person expects to work with
  return needed.every(isCovered) && !granted.has('public-only') ? 'enough' : 'too_little'
}
