// npm run bench:tasks: what twelve everyday tasks cost the model (o200k tokens of the answers) and Gitea (CPU), with the
// direct REST calls of the dearest of them beside them. Needs a real Gitea (GITEA_BIN) and Linux.
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { createGiteaClient, obtainTokens } from '../test/support/gitea-oauth-client.js'
import { startRealGitea } from '../test/support/gitea-real/start.js'
import { callTool } from '../test/support/mcp-call.js'
import { seedPeople } from '../test/support/seed-gitea.js'
import { toMedian } from './bench/connection.js'
import { readCpuWithChildrenMs } from './bench/process-facts.js'
import { compareFiles } from './bench/tasks/compare-files.js'
import { seedWorkshop } from './bench/tasks/seed-workshop.js'
import { startBesideGitea } from './bench/tasks/start-beside-gitea.js'
import { type Task, toTasks } from './bench/tasks/tasks.js'

const REPEATS = 30

interface Measured {
  readonly name: string
  readonly tokens: number
  readonly giteaMs: number
  readonly p50: number
  readonly calls: number
  readonly compared: boolean
}

const gitea = await startRealGitea({ seed: true })
const filled = await seedWorkshop(gitea)
const aegis = await startBesideGitea(gitea)

async function runOnce(task: Task): Promise<string> {
  const texts: string[] = []
  for (const { tool, args } of task.calls) {
    const answer = await callTool(aegis.url, aegis.token, tool, args)
    if (answer.isError || answer.status !== 200) {
      throw new Error(
        `${task.name}: ${tool} answered ${answer.status} ${answer.text} ${JSON.stringify(answer.body.error ?? '')}`,
      )
    }
    texts.push(answer.text)
  }
  const text = texts.join('\n')
  if (!text.includes(task.expects)) {
    throw new Error(`${task.name}: the answer does not hold “${task.expects}”:\n${text.slice(0, 2000)}`)
  }
  return text
}

/** Once to fill what is kept, then warm: what the same question costs from the second time on. */
async function measure(task: Task): Promise<Measured> {
  const text = await runOnce(task)
  const waits: number[] = []
  const before = readCpuWithChildrenMs(gitea.pid)
  for (let n = 0; n < REPEATS; n++) {
    const startedAt = performance.now()
    await runOnce(task)
    waits.push(performance.now() - startedAt)
  }
  return {
    name: task.name,
    tokens: countTokens(text),
    giteaMs: (readCpuWithChildrenMs(gitea.pid) - before) / REPEATS,
    p50: toMedian(waits),
    calls: task.calls.length,
    compared: task.compared,
  }
}

try {
  const rows: Measured[] = []
  for (const task of toTasks(filled)) rows.push(await measure(task))
  console.log(`${'task'.padEnd(34)} tokens  calls  p50 ms  Gitea CPU ms`)
  for (const { name, tokens, calls, p50, giteaMs } of rows) {
    console.log(
      `${name.padEnd(34)} ${String(tokens).padStart(6)} ${String(calls).padStart(6)} ${p50.toFixed(1).padStart(7)} ${giteaMs.toFixed(1).padStart(13)}`,
    )
  }
  const ten = rows.filter(({ compared }) => compared)
  const sum = (pick: (row: Measured) => number) => ten.reduce((total, row) => total + pick(row), 0)
  console.log(
    `the ten that others can do: ${sum((row) => row.tokens)} tokens, ${sum((row) => row.giteaMs).toFixed(0)} ms of Gitea's CPU`,
  )
  const client = await createGiteaClient(gitea)
  const { access } = await obtainTokens(gitea, client, seedPeople.alice, 'openid read:repository')
  const { direct, cold, warm } = await compareFiles({
    giteaPort: Number(new URL(gitea.url).port),
    giteaToken: access,
    aegisPort: aegis.port,
    aegisToken: aegis.token,
  })
  const show = (ms: number) => `${ms.toFixed(2)} ms (${(ms / direct).toFixed(2)} x)`
  console.log(`a file: direct ${show(direct)}, first through Aegis ${show(cold)}, again ${show(warm)}`)
} finally {
  await aegis.close()
  await gitea.close()
}
