import { afterAll, beforeAll, describe } from 'vitest'
import { testIssueWrites } from '../support/gitea-contract-issue-writes.js'
import { testAccess, testCode, testLists } from '../support/gitea-contract-rest.js'
import { testWrites } from '../support/gitea-contract-writes.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'

describe('sandbox', () => {
  let gitea: GiteaSandbox
  beforeAll(async () => {
    gitea = await startGiteaSandbox({ seed: true })
  })
  afterAll(() => gitea.close())

  describe('code', () => testCode(() => gitea))
  describe('lists', () => testLists(() => gitea))
  describe('access', () => testAccess(() => gitea))
  describe('writes', () => testWrites(() => gitea))
  describe('issue writes', () => testIssueWrites(() => gitea))
})
