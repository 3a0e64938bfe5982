// npm run bench:tasks: what twelve everyday tasks cost the model (o200k tokens of the answers) and Gitea (CPU), with the
// direct REST calls of the dearest of them beside them. Needs a real Gitea (GITEA_BIN) and Linux.
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { createGiteaClient, obtainTokens } from '../test/support/gitea-oauth-client.js'
import { startRealGitea } from '../test/support/gitea-real/start.js'
import { callTool } from '../test/support/mcp-call.js'
import { seedPeople } from '../test/support/seed-gitea.js'
import { startStack } from '../test/support/start-stack.js'
import { toMedian } from './bench/connection.js'
import { readCpuWithChildrenMs } from './bench/process-facts.js'
import { seedWorkshop, toSourcePath, workshop } from './bench/tasks/seed-workshop.js'
import { type Task, toTasks } from './bench/tasks/tasks.js'

const REPEATS = 30
const WARM_UP = 1000

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
const stack = await startStack(gitea, {
  settings: { RATE_LIMIT_PER_MINUTE: '1000000', TOKEN_RATE_LIMIT_PER_MINUTE: '1000000' },
})
const { accessToken } = await stack.connect()

async function runOnce(task: Task): Promise<string> {
  const texts: string[] = []
  for (const { tool, args } of task.calls) {
    const answer = await callTool(stack.url, accessToken, tool, args)
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

/** Files through Aegis against the plain REST call with the same kind of token, alternating in one run. */
async function compareFiles(): Promise<{ direct: number; cold: number; warm: number }> {
  const client = await createGiteaClient(gitea)
  const { access } = await obtainTokens(gitea, client, seedPeople.alice, 'openid read:repository')
  const direct: number[] = []
  const cold: number[] = []
  const warm: number[] = []
  const time = async (waits: number[], work: () => Promise<unknown>) => {
    const startedAt = performance.now()
    await work()
    waits.push(performance.now() - startedAt)
  }
  // neither side is measured while its compiler is still at work
  const warmUp = { ...workshop, filepath: 'README.md', ref: 'main' }
  for (let n = 0; n < WARM_UP; n++) await callTool(stack.url, accessToken, 'get_file_contents', warmUp)
  for (let n = 0; n < 3 * REPEATS; n++) {
    const filepath = toSourcePath(n)
    const address = `${gitea.url}/api/v1/repos/${workshop.owner}/${workshop.repo}/contents/${filepath}?ref=main`
    const readDirect = async () => (await fetch(address, { headers: { authorization: `Bearer ${access}` } })).text()
    const read = () => callTool(stack.url, accessToken, 'get_file_contents', { ...workshop, filepath, ref: 'main' })
    await time(direct, readDirect)
    await time(cold, read)
    await time(warm, read)
  }
  return { direct: toMedian(direct), cold: toMedian(cold), warm: toMedian(warm) }
}

try {
  const rows: Measured[] = []
  for (const task of toTasks(filled, undefined)) rows.push(await measure(task))
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
  const { direct, cold, warm } = await compareFiles()
  const show = (ms: number) => `${ms.toFixed(2)} ms (${(ms / direct).toFixed(2)} x)`
  console.log(`a file: direct ${show(direct)}, first through Aegis ${show(cold)}, again ${show(warm)}`)
} finally {
  await stack.close()
  await gitea.close()
}
