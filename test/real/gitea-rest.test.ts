import { afterAll, beforeAll, describe } from 'vitest'
import { testIssueWrites } from '../support/gitea-contract-issue-writes.js'
import { testAccess, testCode, testLists } from '../support/gitea-contract-rest.js'
import { testWrites } from '../support/gitea-contract-writes.js'
import { type RealGitea, startRealGitea } from '../support/gitea-real/start.js'

describe('a real Gitea', () => {
  let gitea: RealGitea
  beforeAll(async () => {
    gitea = await startRealGitea({ seed: true })
  })
  afterAll(() => gitea.close())

  describe('code', () => testCode(() => gitea))
  describe('lists', () => testLists(() => gitea))
  describe('access', () => testAccess(() => gitea))
  describe('writes', () => testWrites(() => gitea))
  describe('issue writes', () => testIssueWrites(() => gitea))
})
