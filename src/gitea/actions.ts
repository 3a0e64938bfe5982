import { z } from 'zod'
import { detailOf, Forbidden, NotFound, UpstreamFailed } from '../lib/errors.js'
import { KIB, MIB } from '../lib/units.js'
import { type GiteaAnswer, parseAnswer } from './answer.js'
import type { GiteaClient } from './client.js'
import { RepositoryMoved } from './moved.js'
import { type Page, type PageRequest, type RepositoryName, toName } from './repos.js'

const Run = z
  .object({
    id: z.number(),
    run_number: z.number(),
    display_title: z.string().default(''),
    /** `ci.yml@refs/heads/main`. */
    path: z.string().default(''),
    event: z.string().default(''),
    status: z.string(),
    conclusion: z.string().nullish(),
    head_branch: z.string().default(''),
    head_sha: z.string().default(''),
    started_at: z.string().nullish(),
  })
  .transform((run) => ({
    /** What Gitea's API calls a run by; undefined where only its number is known. */
    id: run.id as number | undefined,
    /** What Gitea's pages call it by. */
    number: run.run_number,
    title: run.display_title,
    workflow: run.path.split('@', 1)[0] ?? '',
    event: run.event,
    status: run.conclusion || run.status,
    branch: run.head_branch,
    sha: run.head_sha,
    startedAt: run.started_at ?? '',
    /** The jobs that are known, where the run itself is not. */
    jobs: [] as readonly { readonly name: string; readonly status: string }[],
  }))
export type ActionRun = z.output<typeof Run>

/** Runs, newest first; `total` counts what Gitea pages over. */
interface RunPage extends Page<ActionRun> {
  /** False where Gitea showed the jobs that ran instead of the runs. */
  readonly hasIds: boolean
  readonly hasMore: boolean
}

/**
 * Runs of the workflows, newest first. Where Gitea lists runs only for owners of the repository, the jobs that runners
 * took are put together to runs: then there are no ids, and nothing of jobs that have not started. Before 1.25 Gitea lists
 * no runs at all, and the same is done.
 */
export async function listRuns(client: GiteaClient, args: RepositoryName & PageRequest): Promise<RunPage> {
  const { owner, repo, page, limit } = args
  // "user should be the owner of the repo" and a route that is not there yet leave the other one open; where a refusal or
  // a missing repository is meant, it says so again
  try {
    const answer = await client.request('listActionRuns', {
      path: { owner, repo },
      query: { page, limit },
      subject: `repository ${toName(args)} with Actions`,
    })
    const { items, total } = toCounted(Run, 'workflow_runs', answer)
    return { items, total, hasIds: true, hasMore: page * limit < total }
  } catch (thrown) {
    const isForOwners = thrown instanceof Forbidden && thrown.rule === 'gitea.permission'
    if (!isForOwners && (!(thrown instanceof NotFound) || thrown instanceof RepositoryMoved)) throw thrown
    return listRunsOfTasks(client, args)
  }
}

const Task = z.object({
  name: z.string(),
  run_number: z.number(),
  display_title: z.string().default(''),
  workflow_id: z.string().default(''),
  event: z.string().default(''),
  status: z.string(),
  head_branch: z.string().default(''),
  head_sha: z.string().default(''),
  run_started_at: z.string().nullish(),
})
type Task = z.output<typeof Task>

async function listRunsOfTasks(client: GiteaClient, args: RepositoryName & PageRequest): Promise<RunPage> {
  const { owner, repo, page, limit } = args
  const answer = await client.request('listActionTasks', {
    path: { owner, repo },
    query: { page, limit },
    subject: `repository ${toName(args)} with Actions`,
  })
  const { items, total } = toCounted(Task, 'workflow_runs', answer)
  const byRun = Map.groupBy(items, (task) => task.run_number)
  return {
    items: [...byRun.values()].map(toRun),
    total,
    hasIds: false,
    hasMore: page * limit < total,
  }
}

function toRun(tasks: readonly Task[]): ActionRun {
  const [first] = tasks
  if (first === undefined) throw new Error('a run has at least one task')
  return {
    id: undefined,
    number: first.run_number,
    title: first.display_title,
    workflow: first.workflow_id,
    event: first.event,
    status: toStatus(tasks.map((task) => task.status)),
    branch: first.head_branch,
    sha: first.head_sha,
    startedAt: tasks.at(-1)?.run_started_at ?? '',
    jobs: tasks.map(({ name, status }) => ({ name, status: WORDS[status] ?? status })).reverse(),
  }
}

/** What tasks call it, in the words of runs. */
const WORDS: Readonly<Record<string, string>> = { waiting: 'queued', blocked: 'waiting', running: 'in_progress' }

/** The worst that is known of the jobs of a run. */
function toStatus(statuses: readonly string[]): string {
  const worst = ['failure', 'cancelled', 'running', 'waiting', 'blocked', 'success', 'skipped'].find((status) =>
    statuses.includes(status),
  )
  return worst === undefined ? (statuses[0] ?? '') : (WORDS[worst] ?? worst)
}

/** These lists carry their count in the body, not in a header. */
function toCounted<T, Key extends string>(schema: z.ZodType<T>, key: Key, answer: GiteaAnswer) {
  const body = parseAnswer(z.looseObject({ total_count: z.number().default(0) }), answer)
  const items = parseAnswer(z.array(schema).nullish(), { ...answer, body: body[key] }) ?? []
  return { items, total: body.total_count }
}

interface RunRequest extends RepositoryName {
  readonly run: number
}

/** @throws NotFound when this repository has no such run */
export async function getRun(client: GiteaClient, args: RunRequest): Promise<ActionRun> {
  const { owner, repo, run } = args
  const subject = `Actions run with the id ${run} in ${toName(args)}`
  return parseAnswer(Run, await client.request('getActionRun', { path: { owner, repo, run }, subject }))
}

const Step = z.object({
  name: z.string().default(''),
  number: z.number().default(0),
  status: z.string().default(''),
  conclusion: z.string().nullish(),
})

const Job = z
  .object({
    id: z.number(),
    run_id: z.number(),
    name: z.string(),
    status: z.string(),
    conclusion: z.string().nullish(),
    runner_name: z.string().nullish(),
    labels: z.array(z.string()).nullish(),
    steps: z.array(Step).nullish(),
    started_at: z.string().nullish(),
    completed_at: z.string().nullish(),
  })
  .transform((job) => ({
    id: job.id,
    runId: job.run_id,
    name: job.name,
    status: job.conclusion || job.status,
    runner: job.runner_name ?? '',
    /** What a runner must offer to take it. */
    labels: job.labels ?? [],
    startedAt: job.started_at ?? '',
    completedAt: job.completed_at ?? '',
    steps: toSteps(job.steps ?? [], job.conclusion ?? ''),
  }))
export type ActionJob = z.output<typeof Job>

/** Some Giteas write the outcome of the job at each of its steps: where all failed, which one did is not known. */
function toSteps(steps: readonly z.output<typeof Step>[], jobConclusion: string) {
  const isCopied =
    steps.length > 1 && jobConclusion !== 'success' && steps.every((step) => step.conclusion === jobConclusion)
  return steps.map(({ name, number, status, conclusion }) => ({
    name,
    number,
    status: isCopied ? '' : conclusion || status,
  }))
}

/** The jobs of a run in their order. Gitea answers an empty list for a run that is not there. */
export async function listJobs(client: GiteaClient, args: RunRequest & PageRequest): Promise<Page<ActionJob>> {
  const { owner, repo, run, page, limit } = args
  const answer = await client.request('listActionJobs', {
    path: { owner, repo, run },
    query: { page, limit },
    subject: `jobs of Actions run ${run} in ${toName(args)}`,
  })
  return toCounted(Job, 'jobs', answer)
}

interface JobRequest extends RepositoryName {
  readonly job: number
}

/** @throws NotFound when this repository has no such job */
export async function getJob(client: GiteaClient, args: JobRequest): Promise<ActionJob> {
  const { owner, repo, job } = args
  const subject = `Actions job with the id ${job} in ${toName(args)}`
  return parseAnswer(Job, await client.request('getActionJob', { path: { owner, repo, job }, subject }))
}

/** Larger logs are refused; nothing of them is held while they are read. */
const MAX_LOG_BYTES = 512 * MIB
/** As Gitea cuts them. */
const MAX_LINE_CHARS = 64 * KIB

/**
 * Hands the log of a job to `onLine`, line by line, without the time before each line and without what colours it.
 *
 * @throws NotFound when it has none: it has not started or wrote nothing, or Gitea has cleaned up
 */
export async function readJobLog(client: GiteaClient, args: JobRequest, onLine: (line: string) => void): Promise<void> {
  const { owner, repo, job } = args
  const subject = `log of Actions job ${job} in ${toName(args)}`
  try {
    await client.stream('getActionJobLog', { path: { owner, repo, job }, subject, maxBytes: MAX_LOG_BYTES }, (chunks) =>
      eachLine(chunks, (line) => onLine(toPlainLine(line))),
    )
  } catch (thrown) {
    // 500 is how Gitea says that a job wrote nothing
    const isEmpty = thrown instanceof UpstreamFailed && thrown.detail?.includes('HTTP 500') === true
    if (!(thrown instanceof NotFound) && !isEmpty) throw thrown
    throw new NotFound(
      `Job ${job} in ${toName(args)} has no log: it wrote nothing, or its log was cleaned up.`,
      detailOf(thrown),
    )
  }
}

async function eachLine(chunks: AsyncIterable<Buffer>, onLine: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = (lines.pop() ?? '').slice(0, MAX_LINE_CHARS)
    for (const line of lines) onLine(line)
  }
  if (rest !== '') onLine(rest)
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z ?/
// biome-ignore lint/suspicious/noControlCharactersInRegex: what terminals take for colours and movements
const TERMINAL = /\u001b\[[0-9;?]*[ -/]*[@-~]/g

function toPlainLine(line: string): string {
  const text = line.replace(TIME, '').replace(TERMINAL, '').trimEnd()
  // a line that was written over shows what it said last
  return text.slice(text.lastIndexOf('\r') + 1)
}
