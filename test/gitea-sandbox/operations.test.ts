import { afterAll, beforeAll, describe } from 'vitest'
import { testOperations } from '../support/gitea-contract-operations.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'

describe('the sandbox answers', () => {
  let gitea: GiteaSandbox
  beforeAll(async () => {
    gitea = await startGiteaSandbox({ seed: true })
  })
  afterAll(() => gitea.close())

  testOperations(() => gitea)
})
