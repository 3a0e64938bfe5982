import type { Config } from '../config/config.js'
import type { Clock } from '../lib/clock.js'
import type { Logger } from '../lib/logger.js'
import { createGiteaTokenFacts } from '../oauth/gitea-introspection.js'
import type { TokenReader } from './authenticate.js'
import { createExternalIssuerReader } from './external-issuers.js'
import { createGiteaTokenReader } from './gitea-tokens.js'
import type { PersonAccess } from './person-access.js'

interface ForeignReadersDeps {
  readonly access: PersonAccess
  readonly clock: Clock
  readonly log: Logger
}

/** Readers of tokens that were made elsewhere, as far as the settings take any; asked last, because they may wait. */
export function createForeignReaders(
  { foreignTokens, gitea, oauth }: Pick<Config, 'foreignTokens' | 'gitea' | 'oauth'>,
  { access, clock, log }: ForeignReadersDeps,
): readonly TokenReader[] {
  const { issuers, ofGitea, audiences } = foreignTokens
  const ttlMs = oauth.discoveryTtlMs
  const readers: TokenReader[] = []
  if (issuers.length > 0) {
    readers.push(createExternalIssuerReader({ issuers, people: access, clock, log, ttlMs }))
  }
  if (ofGitea) {
    const facts = createGiteaTokenFacts({ giteaUrl: gitea.url, application: gitea, clock, discoveryTtlMs: ttlMs })
    readers.push(createGiteaTokenReader({ facts, audiences: [gitea.clientId, ...audiences], clock, log, ttlMs }))
  }
  return readers
}
