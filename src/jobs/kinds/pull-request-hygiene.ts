import { z } from 'zod'
import { MINUTE } from '../../lib/units.js'
import { defineJob, type Finding, type JobContext, type JobReport } from '../define-job.js'
import { next, readPages } from '../read-pages.js'
import { ToolRefused } from '../tool-refused.js'
import { checkPull, type Problem } from './hygiene/checks.js'
import { syncComment } from './hygiene/comment.js'
import { type HygieneRules, parameters } from './hygiene/rules.js'
import { STATUS_TOOLS, setStatus } from './set-status.js'

/*
 * Holds a pull request against the rules of its repository and says what is missing: in one comment that is edited in
 * place, and as a status of its head commit. It reads the pull request anew each time, so what it writes sets nothing
 * off again: the same state gives the same words, which are not written twice.
 */

const NAME = 'pull_request_hygiene'
const CONTEXT = 'aegis/pull-request'

type Context = JobContext<HygieneRules>

/** What sets it off, by event type and action. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  pull_request: ['opened', 'edited', 'reopened'],
  pull_request_sync: ['synchronized'],
  pull_request_label: ['label_updated', 'label_cleared'],
}

export const pullRequestHygiene = defineJob({
  name: NAME,
  title: 'Care for pull requests',
  description:
    'Checks title, description, size, tests, change log and paths of pull requests; says what is missing in one comment and a commit status.',
  tools: [
    'get_pull_request',
    'list_pull_requests',
    'list_issue_comments',
    'create_pr_comment',
    'edit_issue_comment',
    ...STATUS_TOOLS,
  ],
  deadlineMs: 10 * MINUTE,
  maxAttempts: 6,
  events: Object.keys(ACTIONS),
  parameters,
  dedupe: ({ event = '', action = '', number }, repository) =>
    number !== undefined && ACTIONS[event]?.includes(action) === true
      ? `${NAME}:${repository}#${number}`.toLowerCase()
      : undefined,
  run,
})

async function run(context: Context): Promise<JobReport> {
  const { number } = context.facts
  const { numbers, isCut } = number === undefined ? await listOpen(context) : { numbers: [number], isCut: false }
  const checked: Checked[] = []
  for (const one of numbers) {
    checked.push(await check(context, one))
  }
  const findings = checked.flatMap(({ number, problems }) =>
    problems.map(({ rule, text }): Finding => {
      const severity = context.parameters.strict ? 'error' : 'warning'
      return { fingerprint: `${number}:${rule}`, rule, severity, message: `#${number}: ${text}` }
    }),
  )
  const left = [
    ...checked.flatMap((one) => one.left),
    ...(isCut ? [`Only ${MOST_PULLS} pull requests were looked at.`] : []),
  ]
  return {
    summary: checked.map(({ said }) => said).join(' ') || 'There is no open pull request.',
    ...(findings.length === 0 ? {} : { findings }),
    ...(left.length === 0 ? {} : { left: left.join(' ') }),
  }
}

const Pulls = z.object({ pull_requests: z.array(z.object({ number: z.int() })), next })
/** By hand and by schedule. */
const MOST_PULLS = 100

async function listOpen(context: Context): Promise<{ readonly numbers: readonly number[]; readonly isCut: boolean }> {
  const numbers: number[] = []
  let isCut = false
  for await (const part of readPages(context, 'list_pull_requests', { state: 'open' }, Pulls)) {
    numbers.push(...part.pull_requests.map(({ number }) => number))
    isCut = part.next !== undefined || numbers.length > MOST_PULLS
    if (numbers.length >= MOST_PULLS) break
  }
  return { numbers: numbers.slice(0, MOST_PULLS), isCut }
}

const Pull = z.object({
  pull: z.object({
    title: z.string(),
    body: z.string(),
    lines: z.object({ endLine: z.int(), totalLines: z.int(), cutChars: z.int() }),
    author: z.string(),
    labels: z.array(z.string()),
    state: z.enum(['open', 'closed']),
    draft: z.boolean(),
    head_sha: z.string(),
    withheld: z.boolean(),
    url: z.string(),
  }),
  changes: z.object({
    files: z.array(
      z.object({
        path: z.string(),
        old_path: z.string().optional(),
        status: z.string(),
        additions: z.int(),
        deletions: z.int(),
      }),
    ),
    hidden: z.int(),
    complete: z.boolean(),
  }),
})

interface Checked {
  readonly number: number
  readonly problems: readonly Problem[]
  readonly said: string
  readonly left: readonly string[]
}

async function check(context: Context, number: number): Promise<Checked> {
  const { repository, parameters, read } = context
  const found = await read('get_pull_request', { ...repository, pull_number: number }, Pull).catch(
    (thrown: unknown) => {
      if (thrown instanceof ToolRefused && thrown.refusal.code === 'not_found') return undefined
      throw thrown
    },
  )
  const nothing = { number, problems: [], left: [] }
  if (found === undefined) {
    return { ...nothing, said: `#${number} is gone.` }
  }
  const { pull, changes } = found
  if (pull.state === 'closed') {
    return { ...nothing, said: `#${number} is closed.` }
  }
  if (pull.draft && parameters.skip_drafts) {
    return { ...nothing, said: `#${number} is a draft.` }
  }
  const problems = checkPull(
    {
      ...pull,
      files: changes.files,
      isWithheld: pull.withheld,
      isBodyCut: pull.lines.endLine < pull.lines.totalLines || pull.lines.cutChars > 0,
      isMissingFiles: changes.hidden > 0 || !changes.complete,
    },
    parameters,
  )
  if (parameters.comment) {
    await syncComment(context, { job: NAME, number, problems })
  }
  if (parameters.status) {
    await setStatus(context, { sha: pull.head_sha, context: CONTEXT, ...toStatus(problems, parameters), url: pull.url })
  }
  const left = [
    pull.withheld ? `Title and text of #${number} are withheld by AUTHOR_TRUST.` : '',
    changes.hidden === 0 ? '' : `The policy hides ${changes.hidden} files of #${number}.`,
    changes.complete ? '' : `The diff of #${number} is too large to be read whole.`,
  ].filter((text) => text !== '')
  return { number, problems, left, said: `#${number}: ${toCount(problems)}.` }
}

function toStatus(problems: readonly Problem[], { strict }: HygieneRules) {
  if (problems.length === 0) {
    return { state: 'success', description: 'Nothing is missing.' } as const
  }
  const rules = [...new Set(problems.map(({ rule }) => rule))].join(', ')
  return { state: strict ? 'failure' : 'warning', description: `To look at: ${rules}` } as const
}

function toCount(problems: readonly Problem[]): string {
  return problems.length === 0 ? 'nothing is missing' : `${problems.length} to look at`
}
