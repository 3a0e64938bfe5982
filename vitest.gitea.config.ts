import { defineConfig } from 'vitest/config'
import { findRealGiteaTests } from './test/support/gitea-real/find-tests.js'

/** `npm run test:gitea` runs this and says where Gitea is. */
export default defineConfig({
  test: {
    include: [...findRealGiteaTests().runs],
    env: { AEGIS_TEST_GITEA: 'real' },
    pool: 'forks',
    // each file starts a Gitea of its own
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ['default'],
  },
})
