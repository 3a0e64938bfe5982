/** The sandbox and a real Gitea, filled with the same story, give the same answers. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask } from '../support/gitea-differential.js'
import { type RealGitea, startRealGitea } from '../support/gitea-real/start.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { questions } from './questions.js'

let real: RealGitea
let sandbox: GiteaSandbox

beforeAll(async () => {
  real = await startRealGitea({ seed: true })
  sandbox = await startGiteaSandbox({ seed: true })
})
afterAll(async () => {
  await real.close()
  await sandbox.close()
})

test.each(questions.map((question, at) => [`${at} ${question.method ?? 'GET'} ${question.path}`, question] as const))(
  '%s',
  async (_name, question) => {
    expect(await ask(sandbox, question)).toEqual(await ask(real, question))
  },
)
