import type { Caller } from '../../src/identity/caller.js'

/** A caller who may read and write everything that Gitea lets them, unless overridden. */
export function buildCaller(overrides: Partial<Caller> = {}): Caller {
  return {
    accountId: 'gitea:1',
    login: 'alice',
    clientId: 'client-1',
    clientName: 'A client',
    scopes: new Set(['read:repository', 'write:repository']),
    tokenHint: '0123456789ab',
    grant: { readOnly: false, repositories: null, expiresAt: null },
    gitea: { token: async () => 'gitea-token', renew: async () => 'gitea-token' },
    ...overrides,
  }
}
