/** Runs Actions jobs in a real Gitea: a runner that takes every job and reports what the test says it did. */
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { toWorkflow } from '../action-workflow.js'
import type { GiteaUnderTest, NewActionRun, NewCommit } from '../gitea-under-test.js'
import type { RootClient } from './root-client.js'

const Registered = z.object({ runner: z.object({ uuid: z.string(), token: z.string() }) })
const Fetched = z.object({
  task: z.object({ id: z.string(), context: z.object({ job: z.string() }).loose() }).optional(),
})

type Headers = Readonly<Record<string, string>>

export function createRealActions(
  gitea: { readonly url: string },
  root: RootClient,
  commit: (owner: string, name: string, commit: NewCommit) => Promise<string>,
): Pick<GiteaUnderTest, 'addActionRun'> {
  /** The runners' protocol is Connect, which speaks JSON too. */
  async function call(method: string, body: unknown, headers: Headers = {}): Promise<unknown> {
    const response = await fetch(`${gitea.url}/api/actions/runner.v1.RunnerService/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`runner: ${method} answered ${response.status}: ${text}`)
    return JSON.parse(text)
  }

  async function register({ owner, repo }: NewActionRun): Promise<Headers> {
    const { text } = await root.send('GET', `/repos/${owner}/${repo}/actions/runners/registration-token`)
    const body = { name: 'harness', token: text('token'), version: '1', labels: ['ubuntu-latest'] }
    const { runner } = Registered.parse(await call('Register', body))
    return { 'x-runner-uuid': runner.uuid, 'x-runner-token': runner.token }
  }

  async function runNext(wanted: NewActionRun, headers: Headers): Promise<boolean> {
    const { task } = Fetched.parse(await call('FetchTask', { tasksVersion: '0' }, headers))
    if (!task) return false
    const job = wanted.jobs.find(({ name }) => name === task.context.job)
    const time = new Date().toISOString()
    const rows = (job?.log ?? []).map((content) => ({ time, content }))
    await call('UpdateLog', { taskId: task.id, index: '0', rows, noMore: true }, headers)
    const result = job?.result === 'failure' ? 'RESULT_FAILURE' : 'RESULT_SUCCESS'
    await call('UpdateTask', { state: { id: task.id, result, startedAt: time, stoppedAt: time } }, headers)
    return true
  }

  return {
    async addActionRun(run) {
      const files = { [`.gitea/workflows/${run.workflow}`]: toWorkflow(run) }
      const headers = await register(run)
      await commit(run.owner, run.repo, {
        files,
        message: run.message,
        ...(run.branch === undefined ? {} : { branch: run.branch }),
      })
      let left = run.jobs.filter(({ result }) => result !== undefined).length
      // Gitea makes runs of a push in the background
      for (let tries = 0; left > 0 && tries < 200; tries += 1) {
        if (await runNext(run, headers)) left -= 1
        else await delay(100)
      }
      if (left > 0) throw new Error(`${left} jobs of ${run.workflow} never came`)
    },
  }
}
