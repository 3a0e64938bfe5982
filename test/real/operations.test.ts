import { afterAll, beforeAll, describe } from 'vitest'
import { testOperations } from '../support/gitea-contract-operations.js'
import { type RealGitea, startRealGitea } from '../support/gitea-real/start.js'

describe('a real Gitea answers', () => {
  let gitea: RealGitea
  beforeAll(async () => {
    gitea = await startRealGitea({ seed: true })
  })
  afterAll(() => gitea.close())

  testOperations(() => gitea)
})
