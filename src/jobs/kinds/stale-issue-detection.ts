import { z } from 'zod'
import { DAY, MINUTE } from '../../lib/units.js'
import { defineJob, type Job, type JobContext, type JobReport } from '../define-job.js'
import { next, readPages } from '../read-pages.js'
import { toMarker } from './markers.js'
import { findLastActivity } from './stale/activity.js'
import { type Candidate, listCandidates, loadCandidate } from './stale/candidates.js'
import { isExempt, type Parameters, parametersOf, toRules } from './stale/rules.js'

/*
 * Issues and pull requests that nobody has touched for long are told so, labelled, and, only where the policy says so,
 * closed later. Whoever touches one again takes it out.
 */

const NAME = 'stale_issue_detection'
const ACTIVITY = new Set(['issues', 'issue_comment', 'pull_request', 'pull_request_comment', 'pull_request_sync'])

/** @param staleDays where the policy sets no `days_until_stale` */
export function createStaleIssueDetection(staleDays: number): Job {
  return defineJob({
    name: NAME,
    title: 'Stale issues',
    description:
      'Warns and labels issues and pull requests without activity, takes the label off when there is some, and closes only where told to.',
    tools: [
      'list_issues',
      'list_pull_requests',
      'get_issue',
      'get_issue_timeline',
      'list_issue_comments',
      'list_labels',
      'create_label',
      'add_labels',
      'remove_labels',
      'create_issue_comment',
      'create_pr_comment',
      'update_issue',
    ],
    deadlineMs: 10 * MINUTE,
    maxAttempts: 5,
    events: [...ACTIVITY],
    parameters: parametersOf(staleDays),
    dedupe: ({ event, number }, repository) =>
      event !== undefined && number !== undefined && ACTIVITY.has(event)
        ? `${NAME}:${repository}#${number}`.toLowerCase()
        : undefined,
    run,
  })
}

type Context = JobContext<Parameters>

async function run(context: Context): Promise<JobReport> {
  const { number } = Facts.parse(context.facts)
  return number === undefined ? await lookAtAll(context) : await lookAtOne(context, number)
}

const Facts = z.object({ number: z.int().positive().optional() })

/** Something happened to one: all that can follow is that it is not stale any more. */
async function lookAtOne(context: Context, number: number): Promise<JobReport> {
  const candidate = await loadCandidate(context, number)
  if (candidate.state === 'closed' || !isLabelled(context, candidate)) {
    return { summary: `#${number} is not marked as stale.` }
  }
  const changed = await judge(context, candidate)
  return { summary: changed === 'awake' ? `#${number} is not stale any more.` : `#${number} stays stale.` }
}

type Verdict = 'nothing' | 'warned' | 'awake' | 'closed'

async function lookAtAll(context: Context): Promise<JobReport> {
  const { max_operations: most } = context.parameters
  const done: Record<Verdict, number> = { nothing: 0, warned: 0, awake: 0, closed: 0 }
  let operations = 0
  let left = 0
  // the oldest activity first, so that what a run does not get to is what can wait
  for (const candidate of await listCandidates(context)) {
    if (operations >= most) {
      left += isDue(context, candidate) ? 1 : 0
      continue
    }
    const verdict = await judge(context, candidate)
    done[verdict] += 1
    operations += verdict === 'nothing' ? 0 : 1
  }
  const summary = `${done.warned} warned, ${done.awake} taken out, ${done.closed} closed, ${done.nothing} left as they are.`
  return left === 0
    ? { summary }
    : {
        summary,
        left: `${left} more ${left === 1 ? 'is' : 'are'} due; a run makes ${most} changes (max_operations), the next one goes on.`,
      }
}

function isLabelled({ parameters }: Context, { labels }: Candidate): boolean {
  return labels.some((label) => label.toLowerCase() === parameters.label.toLowerCase())
}

/** Without asking Gitea: whether anything could be done about it. */
function isDue(context: Context, candidate: Candidate): boolean {
  const rules = toRules(context.parameters, candidate)
  const age = context.now() - candidate.updatedAt
  return (
    !isExempt(context.parameters, candidate) && (isLabelled(context, candidate) || age >= rules.daysUntilStale * DAY)
  )
}

async function judge(context: Context, candidate: Candidate): Promise<Verdict> {
  const rules = toRules(context.parameters, candidate)
  if (!isLabelled(context, candidate)) {
    const isStale = context.now() - candidate.updatedAt >= rules.daysUntilStale * DAY
    return isStale && !isExempt(context.parameters, candidate) ? await warn(context, candidate) : 'nothing'
  }
  const begun = context.recall(toPending(candidate))
  if (begun !== undefined) {
    return await warn(context, candidate, Number(begun))
  }
  const { since, isActive } = await findLastActivity(context, candidate)
  if (isActive || isExempt(context.parameters, candidate)) {
    return await wake(context, candidate, since)
  }
  const isOver = rules.daysUntilClose !== undefined && context.now() - since >= rules.daysUntilClose * DAY
  return isOver ? await close(context, candidate, since) : 'nothing'
}

/** @param since when it was touched last; the key of this warning */
async function warn(context: Context, candidate: Candidate, since = candidate.updatedAt): Promise<Verdict> {
  const { repository, parameters } = context
  const key = toKey(context, candidate, 'warn', since)
  // the label counts as a change of the issue, after which it is not stale any more: what was begun is finished by this
  context.remember(toPending(candidate), String(since))
  await context.change({
    key: `${key}:label`,
    tool: 'add_labels',
    args: { ...repository, issue_number: candidate.number, labels: [parameters.label] },
    what: `label #${candidate.number} with “${parameters.label}”`,
  })
  await comment(context, candidate, `${key}:comment`, parameters.stale_message)
  context.remember(toPending(candidate), '')
  return 'warned'
}

function toPending({ number }: Candidate): string {
  return `warning:${number}`
}

async function wake(context: Context, candidate: Candidate, since: number): Promise<Verdict> {
  const { repository, parameters } = context
  await context.change({
    key: toKey(context, candidate, 'wake', since),
    tool: 'remove_labels',
    args: { ...repository, issue_number: candidate.number, labels: [parameters.label] },
    what: `take “${parameters.label}” off #${candidate.number}`,
  })
  return 'awake'
}

async function close(context: Context, candidate: Candidate, since: number): Promise<Verdict> {
  const { repository, parameters } = context
  const key = toKey(context, candidate, 'close', since)
  await comment(context, candidate, `${key}:comment`, parameters.close_message)
  await context.change({
    key: `${key}:state`,
    tool: 'update_issue',
    args: { ...repository, issue_number: candidate.number, state: 'closed' },
    what: `close #${candidate.number}`,
  })
  return 'closed'
}

const Comments = z.object({
  comments: z.array(z.object({ id: z.number(), author: z.string(), body: z.string() })),
  next,
})

async function comment(context: Context, candidate: Candidate, key: string, text: string): Promise<void> {
  if (text === '') {
    return
  }
  const { repository, login } = context
  const args = { ...repository, [candidate.isPull ? 'pull_number' : 'issue_number']: candidate.number }
  const marker = toMarker(NAME, key)
  await context.change({
    key,
    tool: candidate.isPull ? 'create_pr_comment' : 'create_issue_comment',
    args: { ...args, body: `${text}\n\n${marker}` },
    what: `comment on #${candidate.number}`,
    find: async () => {
      const about = { issue_number: candidate.number }
      for await (const { comments } of readPages(context, 'list_issue_comments', about, Comments)) {
        const found = comments.find(({ author, body }) => author === login && body.includes(marker))
        if (found !== undefined) return { id: found.id }
      }
      return undefined
    },
  })
}

/** One for each time it became stale, so that a later time is another one. */
function toKey({ repository }: Context, { number }: Candidate, what: string, since: number): string {
  return `${NAME}:${repository.owner}/${repository.repo}#${number}:${what}:${since}`.toLowerCase()
}
