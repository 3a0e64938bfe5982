import { globSync, readFileSync } from 'node:fs'

export interface RealGiteaTests {
  /** What is only about a real Gitea, and every story, job and tool test that takes its Gitea from `startGitea`. */
  readonly runs: readonly string[]
  /** The others: what asks the sandbox for things no real Gitea does on command (faults, its clock, its log), or needs none. */
  readonly otherwise: readonly string[]
}

/** Test files by whether they can run against a real Gitea; paths from the root of the repository. */
export function findRealGiteaTests(): RealGiteaTests {
  const shared = globSync([
    'test/flows/**/*.test.ts',
    'test/identity/**/*.test.ts',
    'test/jobs/**/*.test.ts',
    'test/search/**/*.test.ts',
    'test/tools/**/*.test.ts',
    'test/webhooks/**/*.test.ts',
  ])
  const takesAny = (file: string) => readFileSync(file, 'utf8').includes("/support/start-gitea.js'")
  return {
    runs: [...globSync('test/real/**/*.test.ts'), ...shared.filter(takesAny)].sort(),
    otherwise: shared.filter((file) => !takesAny(file)).sort(),
  }
}
