/** Runs of workflows, their jobs and logs. */
import { type Api, type Guard, needsReader, needsToken } from '../api.js'
import { getNumberParam, type RepositoryRequest, refuseNotFound, refuseWith } from '../exchange.js'
import { getAccount } from '../lookup.js'
import { readPage, slicePage } from '../paging.js'
import { apiUrl, htmlUrl, presentRepository } from '../present/repository.js'
import { presentUser, toTime, zeroTime } from '../present/user.js'
import { json, type Reply, text } from '../reply.js'
import { access } from '../state.js'
import type { ActionJob, ActionRun } from '../state-activity.js'

const unset = '1970-01-01T00:00:00Z'

function runsOf({ instance, repository }: RepositoryRequest): ActionRun[] {
  return [...instance.state.activity.actionRuns.values()]
    .filter(({ repositoryId }) => repositoryId === repository.id)
    .sort((left, right) => right.id - left.id)
}

function jobsOf({ instance }: RepositoryRequest, run: ActionRun): ActionJob[] {
  return [...instance.state.activity.actionJobs.values()].filter(({ runId }) => runId === run.id)
}

function outcomeOf(jobs: readonly ActionJob[]): { status: string; conclusion?: string } {
  if (jobs.some(({ result }) => result === undefined)) return { status: 'queued' }
  const hasFailed = jobs.some(({ result }) => result === 'failure')
  return { status: 'completed', conclusion: hasFailed ? 'failure' : 'success' }
}

async function presentRun(request: RepositoryRequest, run: ActionRun): Promise<Record<string, unknown>> {
  const { instance, repository } = request
  const actor = presentUser(instance, getAccount(instance.state, run.actorId), undefined)
  const { status, conclusion } = outcomeOf(jobsOf(request, run))
  const hasBegun = jobsOf(request, run).some(({ taskId }) => taskId !== undefined)
  return {
    id: run.id,
    url: `${apiUrl(instance, repository)}/actions/runs/${run.id}`,
    html_url: `${htmlUrl(instance, repository)}/actions/runs/${run.number}`,
    display_title: run.title,
    path: `${run.workflow}@refs/heads/${run.branch}`,
    event: 'push',
    run_attempt: 0,
    run_number: run.number,
    head_sha: run.sha,
    head_branch: run.branch,
    status,
    actor,
    trigger_actor: actor,
    repository: await presentRepository(instance, repository, request.doer),
    ...(conclusion === undefined ? {} : { conclusion }),
    started_at: hasBegun ? toTime(run.createdAt) : unset,
    completed_at: conclusion === undefined ? unset : toTime(run.createdAt),
  }
}

function presentJob({ instance, repository }: RepositoryRequest, run: ActionRun, job: ActionJob) {
  const place = apiUrl(instance, repository)
  const at = [...instance.state.activity.actionJobs.values()].filter(({ runId }) => runId === run.id).indexOf(job)
  const isTaken = job.taskId !== undefined
  return {
    id: job.id,
    url: `${place}/actions/jobs/${job.id}`,
    html_url: `${htmlUrl(instance, repository)}/actions/runs/${run.number}/jobs/${at}`,
    run_id: run.id,
    run_url: `${place}/actions/runs/${run.id}`,
    name: job.name,
    labels: [job.label],
    run_attempt: isTaken ? 1 : 0,
    head_sha: run.sha,
    head_branch: run.branch,
    status: isTaken ? 'completed' : 'queued',
    ...(job.result === undefined ? {} : { conclusion: job.result }),
    ...(isTaken ? { runner_id: 1, runner_name: 'harness' } : {}),
    // never loaded on these routes
    steps: null,
    created_at: toTime(job.createdAt),
    started_at: isTaken ? toTime(job.createdAt) : unset,
    completed_at: isTaken ? toTime(job.createdAt) : unset,
  }
}

/** No header counts here, and without `page` everything comes. */
function page<Row>(request: RepositoryRequest, rows: readonly Row[]): readonly Row[] {
  const asked = readPage(request)
  return asked.isPageSent ? slicePage(rows, asked) : rows
}

async function answerRuns(request: RepositoryRequest): Promise<Reply> {
  const runs = runsOf(request)
  const rows = page(request, runs).map((run) => presentRun(request, run))
  return json(200, { workflow_runs: await Promise.all(rows), total_count: runs.length })
}

/** One row for each job that a runner took. */
function answerTasks(request: RepositoryRequest): Reply {
  const { instance, repository } = request
  const tasks = runsOf(request)
    .flatMap((run) => jobsOf(request, run).map((job) => ({ run, job })))
    .filter(({ job }) => job.taskId !== undefined)
    .sort((left, right) => (right.job.taskId ?? 0) - (left.job.taskId ?? 0))
  const rows = page(request, tasks).map(({ run, job }) => ({
    id: job.taskId,
    name: job.name,
    head_branch: run.branch,
    head_sha: run.sha,
    run_number: run.number,
    event: 'push',
    display_title: run.title,
    status: job.result,
    workflow_id: run.workflow,
    url: `${htmlUrl(instance, repository)}/actions/runs/${run.number}`,
    created_at: toTime(job.createdAt),
    updated_at: toTime(job.createdAt),
    run_started_at: job.taskId === undefined ? zeroTime : toTime(job.createdAt),
  }))
  return json(200, { workflow_runs: rows, total_count: tasks.length })
}

function findRun(request: RepositoryRequest): ActionRun | undefined {
  return runsOf(request).find(({ id }) => id === getNumberParam(request, 'run'))
}

function answerJobs(request: RepositoryRequest): Reply {
  const run = findRun(request)
  const jobs = run ? jobsOf(request, run) : []
  const rows = page(request, jobs).flatMap((job) => (run ? [presentJob(request, run, job)] : []))
  return json(200, { jobs: rows, total_count: jobs.length })
}

function findJob(request: RepositoryRequest): { run: ActionRun; job: ActionJob } | undefined {
  const id = getNumberParam(request, 'job')
  for (const run of runsOf(request)) {
    const job = jobsOf(request, run).find((found) => found.id === id)
    if (job) return { run, job }
  }
  return undefined
}

function answerJob(request: RepositoryRequest): Reply {
  const found = findJob(request) ?? refuseNotFound(request, ['resource does not exist'])
  return json(200, presentJob(request, found.run, found.job))
}

/** A job that is not there is a 500, and so is one that wrote nothing. */
function answerLog(request: RepositoryRequest): Reply {
  const found = findJob(request) ?? refuseWith(request, 500, '')
  if (found.job.taskId === undefined) refuseNotFound(request, ['job not started'])
  if (found.job.log === '') refuseWith(request, 500, '')
  const name = `${found.run.workflow.split('.', 1)[0]}-${found.job.name}-${found.job.taskId}.log`
  return {
    ...text(200, found.job.log, {
      'content-disposition': `attachment; filename="${name}"; filename*=UTF-8''${name}`,
    }),
  }
}

const needsOwner: Guard = (request) => {
  if (request.permission.mode >= access.owner || request.doer?.isAdmin) return
  refuseWith(request, 403, 'user should be the owner of the repo')
}

export function addActionRoutes(api: Api): void {
  const reading = needsReader('repo.actions')
  api.repository('GET', '/actions/runs', 'repository', [needsToken, needsOwner], answerRuns)
  api.repository('GET', '/actions/tasks', 'repository', [reading], answerTasks)
  api.repository('GET', '/actions/runs/{run}', 'repository', [reading], async (request) =>
    json(200, await presentRun(request, findRun(request) ?? refuseNotFound(request, ['resource does not exist']))),
  )
  api.repository('GET', '/actions/runs/{run}/jobs', 'repository', [reading], answerJobs)
  api.repository('GET', '/actions/jobs/{job}', 'repository', [needsToken, reading], answerJob)
  api.repository('GET', '/actions/jobs/{job}/logs', 'repository', [needsToken, reading], answerLog)
}
