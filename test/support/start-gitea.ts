import { startRealGitea } from './gitea-real/start.js'
import { startGiteaSandbox } from './gitea-sandbox/start.js'
import type { GiteaUnderTest } from './gitea-under-test.js'

/** Whether this run judges against a running Gitea (`npm run test:gitea`). */
const usesRealGitea = process.env.AEGIS_TEST_GITEA === 'real'

/** A Gitea with the story of seed-gitea.ts in it: the sandbox, or a real one where the run asks for it. */
export function startGitea(): Promise<GiteaUnderTest> {
  return usesRealGitea ? startRealGitea({ seed: true }) : startGiteaSandbox({ seed: true, allowsLoopbackHooks: true })
}
