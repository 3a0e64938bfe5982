import { afterAll, beforeAll, describe } from 'vitest'
import { testConsent, testRotation, testTokenEndpoint } from '../support/gitea-contract-oauth.js'
import { testIntrospection, testLoss, testScopes } from '../support/gitea-contract-scopes.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'

describe('sandbox, as Gitea comes', () => {
  let gitea: GiteaSandbox
  beforeAll(async () => {
    gitea = await startGiteaSandbox({ seed: true })
  })
  afterAll(() => gitea.close())

  describe('consent', () => testConsent(() => gitea))
  describe('token endpoint', () => testTokenEndpoint(() => gitea))
  describe('scopes', () => testScopes(() => gitea))
  describe('introspection', () => testIntrospection(() => gitea))
  describe('loss', () => testLoss(() => gitea))
})

describe('sandbox with refresh token rotation', () => {
  let gitea: GiteaSandbox
  beforeAll(async () => {
    gitea = await startGiteaSandbox({ seed: true, invalidateRefreshTokens: true })
  })
  afterAll(() => gitea.close())

  testRotation(() => gitea)
})
