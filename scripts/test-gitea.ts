// npm run test:gitea: stories, tools and every Gitea operation against a real Gitea, and the sandbox compared with it.
// Where there is no Gitea nothing runs, and it is said.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findRealGiteaTests } from '../test/support/gitea-real/find-tests.js'
import { findGiteaBinary } from '../test/support/gitea-real/start.js'

/** Several times what a slow computer needs. */
const MAX_MS = 30 * 60_000

const binary = findGiteaBinary()
if (binary === undefined) {
  console.log(`The tests against a real Gitea did NOT run: there is no Gitea here.
Download its binary from https://dl.gitea.com/gitea/ (a file that only has to be executable), then:

  GITEA_BIN=/path/to/gitea npm run test:gitea

A gitea on the PATH is found without it. A binary built without its templates also needs GITEA_STATIC_ROOT, the folder
with Gitea's source.`)
} else {
  process.exitCode = runTests(binary)
}

function runTests(gitea: string): number {
  const version = spawnSync(gitea, ['--version'], { encoding: 'utf8', timeout: 30_000 })
  if (version.status !== 0) {
    const why = version.error?.message ?? (version.stderr.trim() || `it ended with ${version.status}`)
    console.error(`${gitea} is no Gitea that runs here: ${why}`)
    return 1
  }
  console.log(version.stdout.trim())
  const vitest = join(dirname(fileURLToPath(import.meta.resolve('vitest/package.json'))), 'vitest.mjs')
  const args = [vitest, 'run', '--config', 'vitest.gitea.config.ts', ...process.argv.slice(2)]
  const run = spawnSync(process.execPath, args, { stdio: 'inherit', timeout: MAX_MS, killSignal: 'SIGINT' })
  const { otherwise } = findRealGiteaTests()
  console.log(
    `Not against a real Gitea, because they start the sandbox themselves or need no Gitea:\n  ${otherwise.join('\n  ')}`,
  )
  if (run.error) {
    console.error(`The tests were ended: ${run.error.message}`)
  }
  return run.status ?? 1
}
