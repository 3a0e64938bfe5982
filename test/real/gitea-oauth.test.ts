import { afterAll, beforeAll, describe } from 'vitest'
import { testConsent, testRotation, testTokenEndpoint } from '../support/gitea-contract-oauth.js'
import { testIntrospection, testLoss, testScopes } from '../support/gitea-contract-scopes.js'
import { type RealGitea, startRealGitea } from '../support/gitea-real/start.js'

describe('a real Gitea, as it comes', () => {
  let gitea: RealGitea
  beforeAll(async () => {
    gitea = await startRealGitea({ seed: true })
  })
  afterAll(() => gitea.close())

  describe('consent', () => testConsent(() => gitea))
  describe('token endpoint', () => testTokenEndpoint(() => gitea))
  describe('scopes', () => testScopes(() => gitea))
  describe('introspection', () => testIntrospection(() => gitea))
  describe('loss', () => testLoss(() => gitea))
})

describe('a real Gitea with refresh token rotation', () => {
  let gitea: RealGitea
  beforeAll(async () => {
    gitea = await startRealGitea({ seed: true, invalidateRefreshTokens: true })
  })
  afterAll(() => gitea.close())

  testRotation(() => gitea)
})
