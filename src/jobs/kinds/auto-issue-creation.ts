import { z } from 'zod'
import { toIsoTime } from '../../lib/clock.js'
import { MINUTE } from '../../lib/units.js'
import { defineJob, type JobContext, type JobReport, type TriggerFacts } from '../define-job.js'
import { next, readPages } from '../read-pages.js'
import { type IssueParameters, issueParameters, SEVERITIES } from './issues/parameters.js'
import { fillTemplate, findTemplates, toEventKey } from './issues/templates.js'
import { quoteText, toMarker } from './markers.js'

/*
 * Issues for what other jobs find and for what happens in a repository, as the policy wants them: each once, a bounded
 * number a day, with a way back to the evidence.
 */

const NAME = 'auto_issue_creation'
/** Event types that a template may name; those of issues are not among them, so that no issue makes another. */
const EVENTS = [
  'create',
  'delete',
  'fork',
  'package',
  'pull_request',
  'push',
  'release',
  'repository',
  'wiki',
  'workflow_run',
]

type Context = JobContext<IssueParameters>

export const autoIssueCreation = defineJob({
  name: NAME,
  title: 'Issues for findings and events',
  description: 'Opens an issue for a finding of another job, or for an event that a template in the policy names.',
  tools: ['find_own_issues', 'create_issue'],
  deadlineMs: 5 * MINUTE,
  maxAttempts: 5,
  events: EVENTS,
  parameters: issueParameters,
  wants: (facts, parameters) => findTemplates(facts, parameters).length > 0,
  dedupe: (facts, repository) => `${NAME}:${repository}:${toEventKey(facts)}`.toLowerCase(),
  run,
})

/** An issue that is wanted, and what it is about. */
interface Wanted {
  /** The same for the same thing for ever. */
  readonly key: string
  readonly title: string
  readonly body: string
  readonly labels: readonly string[]
  readonly assignees: readonly string[]
}

const Finding = z.object({
  fingerprint: z.string(),
  rule: z.string(),
  severity: z.enum(SEVERITIES),
  message: z.string(),
  path: z.string().optional(),
  line: z.number().optional(),
})
const Source = z.object({
  job: z.string(),
  run: z.string(),
  /** Of the report that shows the findings, where there is one. */
  issue: z.int().optional(),
  findings: z.array(Finding),
})

async function run(context: Context): Promise<JobReport> {
  const wanted = context.facts.source === undefined ? ofEvent(context) : ofFindings(context)
  const { max_per_day: most } = context.parameters
  const day = `day:${toIsoTime(context.now()).slice(0, 10)}`
  let today = Number(context.recall(day) ?? 0)
  let made = 0
  let known = 0
  let left = 0
  for (const issue of wanted) {
    if (context.recall(issue.key) !== undefined) {
      known += 1
    } else if (today >= most) {
      left += 1
    } else {
      await open(context, issue)
      today += 1
      made += 1
      context.remember(day, String(today))
    }
  }
  const summary = `${made} opened, ${known} known from before.`
  return left === 0 ? { summary } : { summary, left: `${left} more; ${most} are opened in a day (max_per_day).` }
}

async function open(context: Context, { key, title, body, labels, assignees }: Wanted): Promise<void> {
  const marker = toMarker(NAME, key)
  const made = await context.change({
    key: `${NAME}:${context.repository.owner}/${context.repository.repo}:${key}`.toLowerCase(),
    tool: 'create_issue',
    args: {
      ...context.repository,
      title,
      body: `${body}\n\n${marker}`,
      ...(labels.length === 0 ? {} : { labels }),
      ...(assignees.length === 0 ? {} : { assignees }),
    },
    what: `open “${title}”`,
    find: () => findIssue(context, marker),
  })
  const { number } = Made.parse(made ?? {})
  context.remember(key, String(number ?? ''))
}

const Made = z.object({ number: z.int().optional() })
const Found = z.object({
  issues: z.array(z.object({ number: z.int(), url: z.string() })),
  next,
})

async function findIssue(context: Context, marker: string) {
  for await (const { issues } of readPages(context, 'find_own_issues', { marker }, Found)) {
    const [first] = issues
    if (first !== undefined) return first
  }
  return undefined
}

function ofFindings({ facts, parameters }: Context): readonly Wanted[] {
  const { job, run: runId, issue, findings } = Source.parse(facts.source)
  const rules = parameters.findings[job]
  if (rules === undefined) {
    return []
  }
  const least = SEVERITIES.indexOf(rules.min_severity)
  return findings
    .filter(({ severity }) => SEVERITIES.indexOf(severity) >= least)
    .map(({ fingerprint, rule, severity, message, path, line }) => {
      const place =
        path === undefined ? '' : `\n\nWhere: \`${path.replaceAll('`', '')}${line === undefined ? '' : `:${line}`}\``
      const report = issue === undefined ? '' : `, reported in #${issue}`
      return {
        key: `finding:${job}:${fingerprint}`,
        title: quoteText(message, 150),
        body: `${quoteText(message, 500)}${place}\n\nFound as ${severity} by the rule \`${rule}\` of ${job}${report} (run ${runId}).`,
        labels: rules.labels,
        assignees: [],
      }
    })
}

function ofEvent({ facts, parameters, repository }: Context): readonly Wanted[] {
  const place = `${repository.owner}/${repository.repo}`
  return findTemplates(facts, parameters).map(({ name, title, body, labels, assignees }) => ({
    key: `event:${name}:${toEventKey(facts)}`,
    title: fillTemplate(title, facts, place).slice(0, 250),
    body: `${fillTemplate(body, facts, place)}\n\n${describeEvidence(facts)}`,
    labels,
    assignees,
  }))
}

/** Gitea turns numbers and full commit ids into links. */
function describeEvidence({ event, action, number, after, sha, head_sha, sender }: TriggerFacts): string {
  const commit = [after, sha, head_sha].find((id) => typeof id === 'string' && /^[0-9a-f]{40,64}$/.test(id))
  const what = [
    `${event}${action === undefined ? '' : ` (${action})`}`,
    number === undefined ? '' : `#${number}`,
    commit === undefined ? '' : String(commit),
    sender === undefined ? '' : `by ${quoteText(sender)}`,
  ]
  return `Because of: ${what.filter((part) => part !== '').join(' ')}`
}
