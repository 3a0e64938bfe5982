/** Puts runs of workflows into the sandbox, done as soon as they are there. */
import { toWorkflow } from '../action-workflow.js'
import type { GiteaUnderTest } from '../gitea-under-test.js'
import { requireRepository } from './populate.js'
import type { Instance } from './state.js'

export function createActionPopulation(
  instance: Instance,
  commit: GiteaUnderTest['commit'],
): Pick<GiteaUnderTest, 'addActionRun'> {
  const { state, clock } = instance
  const { actionRuns, actionJobs } = state.activity
  return {
    async addActionRun(wanted) {
      const repository = requireRepository(instance, wanted.owner, wanted.repo)
      const branch = wanted.branch ?? repository.defaultBranch
      const files = { [`.gitea/workflows/${wanted.workflow}`]: toWorkflow(wanted) }
      const sha = await commit(wanted.owner, wanted.repo, { files, message: wanted.message, branch })
      const before = [...actionRuns.values()].filter(({ repositoryId }) => repositoryId === repository.id)
      const id = state.nextId('action-run')
      const now = clock.now()
      actionRuns.set(id, {
        id,
        repositoryId: repository.id,
        number: before.length + 1,
        title: wanted.message,
        workflow: wanted.workflow,
        branch,
        sha,
        actorId: repository.ownerId,
        createdAt: now,
      })
      const time = `${new Date(now).toISOString().slice(0, -1)}0000Z`
      for (const { name, result, log = [] } of wanted.jobs) {
        const jobId = state.nextId('action-job')
        actionJobs.set(jobId, {
          id: jobId,
          runId: id,
          name,
          label: result === undefined ? 'nobody' : 'ubuntu-latest',
          result,
          taskId: result === undefined ? undefined : state.nextId('action-task'),
          log: log.map((line) => `${time} ${line}\n`).join(''),
          createdAt: now,
        })
      }
    },
  }
}
