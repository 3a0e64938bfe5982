import { z } from 'zod'
import type { JobContext } from './define-job.js'
import { next, readPages } from './read-pages.js'
import {
  findContentDigest,
  listFingerprints,
  type ReportContent,
  renderReport,
  toReportMarker,
  toShownFingerprint,
} from './report-body.js'
import { ToolRefused } from './tool-refused.js'

/*
 * One living issue for each repository and job, edited in place. It is known by a mark in its text and by its author,
 * never by its title, which people may change. What people close stays closed until something new is found.
 */

export interface ReportIssue extends ReportContent {
  /** Of a new issue. */
  readonly title: string
  /** Names of labels for a new issue; they must exist. */
  readonly labels?: readonly string[]
  /** Closes the issue when there are no findings. */
  readonly closeWhenClean?: boolean
}

/** What a job that keeps a report has to declare. */
export const REPORT_ISSUE_TOOLS = ['find_own_issues', 'get_issue', 'create_issue', 'update_issue'] as const

type Context = Pick<
  JobContext<unknown>,
  'id' | 'repository' | 'login' | 'now' | 'read' | 'change' | 'recall' | 'remember'
>

/**
 * Brings the report issue of a job up to date: opens it with the first finding, edits it when the findings or the intro
 * have changed, reopens a closed one for a finding that it did not show, and otherwise writes nothing.
 *
 * @returns its number; undefined when there is none, because nothing was found so far or this is a dry run
 * @throws ToolRefused
 */
export async function syncReportIssue(context: Context, report: ReportIssue): Promise<number | undefined> {
  const known = await findReport(context, report.job)
  if (known === undefined) {
    return report.findings.length === 0 ? undefined : await openReport(context, report)
  }
  const body = renderReport(report, context.now())
  const digest = findContentDigest(body)
  const isChanged = findContentDigest(known.body) !== digest
  const state = toNewState(known, report)
  if (isChanged || state !== undefined) {
    await context.change({
      // the time of the last change makes the key new once this one is made, and keeps it while it is not
      key: `report:${report.job}:${toName(context)}#${known.number}:${context.id}:${known.updated_at}:${digest}:${state}`,
      tool: 'update_issue',
      args: {
        ...context.repository,
        issue_number: known.number,
        ...(isChanged ? { body } : {}),
        ...(state === undefined ? {} : { state }),
      },
      what: `${state === 'open' ? 'reopen' : state === 'closed' ? 'close' : 'edit'} the report #${known.number}`,
    })
  }
  return known.number
}

/** What became of the report issue of a job; undefined when there is none. */
export async function findReportState(context: Context, job: string): Promise<'open' | 'closed' | undefined> {
  return (await findReport(context, job))?.state
}

/** The state to bring it to; undefined when it stays as it is. */
function toNewState(known: Report, { findings, closeWhenClean }: ReportIssue): 'open' | 'closed' | undefined {
  if (known.state === 'open') {
    return findings.length === 0 && closeWhenClean === true ? 'closed' : undefined
  }
  const shown = listFingerprints(known.body)
  return findings.some(({ fingerprint }) => !shown.has(toShownFingerprint(fingerprint))) ? 'open' : undefined
}

async function openReport(context: Context, report: ReportIssue): Promise<number | undefined> {
  const { repository, now, change, recall, remember } = context
  const made = await change({
    // a report that is gone again gets another key than the one that was opened before it
    key: `report:${report.job}:${toName(context)}:open:${recall(NUMBER) ?? ''}:${context.id}`,
    tool: 'create_issue',
    args: {
      ...repository,
      title: report.title,
      body: renderReport(report, now()),
      ...(report.labels === undefined || report.labels.length === 0 ? {} : { labels: report.labels }),
    },
    what: `open the report “${report.title}”`,
    find: () => findByMarker(context, report.job),
  })
  if (made === undefined) {
    return undefined
  }
  const { number } = Made.parse(made)
  remember(NUMBER, String(number))
  return number
}

const NUMBER = 'report_issue'
const Made = z.object({ number: z.int() })
const Known = z.object({ number: z.int(), url: z.string() })

const Issue = z.object({
  number: z.int(),
  state: z.enum(['open', 'closed']),
  author: z.string(),
  updated_at: z.string(),
  pull_request: z.boolean(),
  body: z.string(),
  lines: z.object({ endLine: z.int(), totalLines: z.int() }),
})

type Report = Omit<z.output<typeof Issue>, 'lines'>

async function findReport(context: Context, job: string): Promise<Report | undefined> {
  const remembered = Number(context.recall(NUMBER))
  const issue = Number.isInteger(remembered) && remembered > 0 ? await findIssue(context, remembered) : undefined
  if (issue !== undefined && isReport(context, job, issue)) {
    return issue
  }
  const found = await findByMarker(context, job)
  if (found === undefined) {
    return undefined
  }
  context.remember(NUMBER, String(found.number))
  return await findIssue(context, found.number)
}

function isReport({ login }: Context, job: string, { author, body, pull_request }: Report): boolean {
  return !pull_request && author.toLowerCase() === login.toLowerCase() && body.includes(toReportMarker(job))
}

/** The newest, should there be several. */
async function findByMarker(context: Context, job: string): Promise<z.output<typeof Known> | undefined> {
  for await (const { issues } of readPages(context, 'find_own_issues', { marker: toReportMarker(job) }, Page)) {
    const [newest] = issues
    if (newest !== undefined) return newest
  }
  return undefined
}

const Page = z.object({
  issues: z.array(Known),
  next,
})

/** An issue with its whole text; undefined when there is none of this number any more. */
async function findIssue({ repository, read }: Context, number: number): Promise<Report | undefined> {
  const args = { ...repository, issue_number: number }
  const first = await read('get_issue', args, Issue).catch((thrown: unknown) => {
    // people may delete an issue; every other refusal is the run's to handle
    if (thrown instanceof ToolRefused && thrown.refusal.code === 'not_found') return undefined
    throw thrown
  })
  if (first === undefined) {
    return undefined
  }
  const { lines, ...issue } = first
  let body = issue.body
  for (let { endLine, totalLines } = lines; endLine < totalLines; ) {
    const part: z.output<typeof Issue> = await read('get_issue', { ...args, start_line: endLine + 1 }, Issue)
    body += `\n${part.body}`
    ;({ endLine, totalLines } = part.lines)
  }
  return { ...issue, body }
}

function toName({ repository }: Context): string {
  return `${repository.owner}/${repository.repo}`.toLowerCase()
}
