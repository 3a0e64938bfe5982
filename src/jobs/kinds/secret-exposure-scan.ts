import { z } from 'zod'
import { MINUTE } from '../../lib/units.js'
import { SECRET_RULES } from '../../redact/rules.js'
import { defineJob, type Finding, type JobContext, type JobReport } from '../define-job.js'
import { findReportState, REPORT_ISSUE_TOOLS, syncReportIssue } from '../report-issue.js'
import { createPathFilter, pathGlobs } from './path-globs.js'
import { recallKnown, recallShown, rememberKnown, rememberShown } from './secrets/known.js'
import { findPushKey, noteLooked, planRanges } from './secrets/ranges.js'
import { type Found, type RangeScan, scanRange } from './secrets/scan.js'
import { STATUS_TOOLS, setStatus } from './set-status.js'

/*
 * Looks through what was pushed for secrets. Where only its members read a repository they are told in an issue; in all
 * others an issue would point strangers to the secret, so there is a status without detail, and the administrators of
 * this server are told the rest. No text of this job can hold a secret: it is never given one.
 */

const NAME = 'secret_exposure_scan'
const CONTEXT = 'aegis/secrets'
/** More are counted, not told one by one. */
const MOST_ALERTS = 25
const MOST_REPORTED = 200

const RULES = new Set(SECRET_RULES.map(({ name }) => name))

const parameters = z.strictObject({
  branches: pathGlobs(['**'], 'Branches to look at, as globs; tags are always looked at.'),
  ignore_paths: pathGlobs([], 'Files whose secrets are known to be none, as globs: test data, examples.'),
  ignore_rules: z
    .array(z.string().refine((name) => RULES.has(name), 'is no rule; docs/redaction.md names them'))
    .max(100)
    .default([])
    .describe('Kinds of secrets that are not looked for, by the names in docs/redaction.md.'),
  max_commits: z
    .int()
    .min(1)
    .max(20_000)
    .default(500)
    .describe('How many commits of one branch a run looks at, the newest; the report says how many are left.'),
  set_success: z
    .boolean()
    .default(false)
    .describe(`Whether a push without secrets gets the status ${CONTEXT} too; for branch protection that requires it.`),
  labels: z.array(z.string().max(255)).max(20).default([]).describe('Labels of the issue; they must exist.'),
})
type Context = JobContext<z.output<typeof parameters>>

export const secretExposureScan = defineJob({
  name: NAME,
  title: 'Scan of pushes for secrets',
  description:
    'Looks for secrets in the lines that a push added and raises an alert without them: an issue in private repositories, elsewhere a commit status and a word to the administrators.',
  tools: ['get_repository_info', 'list_branches', 'scan_added_secrets', ...STATUS_TOOLS, ...REPORT_ISSUE_TOOLS],
  deadlineMs: 15 * MINUTE,
  maxAttempts: 6,
  events: ['push'],
  parameters,
  dedupe: (facts, repository) => {
    // each push by itself: two of them are two ranges
    const key = facts.event === 'push' ? findPushKey(facts) : undefined
    return key === undefined ? undefined : `${NAME}:${repository.toLowerCase()}:${key}`
  },
  run,
})

const Info = z.object({
  visibility: z.enum(['private', 'internal', 'public']),
  default_branch: z.string(),
  empty: z.boolean(),
  archived: z.boolean(),
  /** Null where issues are switched off. */
  open_issues: z.number().nullable(),
  url: z.string(),
})
type Info = z.output<typeof Info>

/** Without the findings that the parameters leave out. */
interface MeantScan extends RangeScan {
  readonly ignored: number
}

async function run(context: Context): Promise<JobReport> {
  const { repository, parameters } = context
  const info = await context.read('get_repository_info', { ...repository }, Info)
  if (info.empty) {
    return { summary: 'The repository is empty.' }
  }
  const plan = await planRanges(context, info.default_branch)
  if (plan.ranges.length === 0) {
    return { summary: plan.why }
  }
  const isIgnored = createPathFilter(parameters.ignore_paths)
  const scans: MeantScan[] = []
  for (const range of plan.ranges) {
    const scan = await scanRange(context, range, parameters.max_commits)
    const isMeant = ({ rule, path }: Found) => !parameters.ignore_rules.includes(rule) && !isIgnored(path)
    const meant = scan.found.filter(isMeant)
    scans.push({ ...scan, found: meant, ignored: scan.found.length - meant.length })
  }
  const found = [...new Map(scans.flatMap((scan) => scan.found).map((one) => [one.fingerprint, one])).values()]
  const known = recallKnown(context)
  const fresh = found.filter(({ fingerprint }) => !known.has(fingerprint))
  await tell(context, info, fresh, scans)
  rememberKnown(
    context,
    fresh.map(({ fingerprint }) => fingerprint),
  )
  for (const { range, head } of scans) {
    if (head !== undefined) noteLooked(context, range)
  }
  return toReport(context, scans, { found, fresh, isCut: plan.isCut })
}

async function tell(context: Context, info: Info, fresh: readonly Found[], scans: readonly MeantScan[]): Promise<void> {
  const { repository, parameters } = context
  const name = `${repository.owner}/${repository.repo}`
  const hasIssue = info.visibility === 'private' && info.open_issues !== null && !info.archived
  // first, because all else needs Gitea
  await Promise.all(
    fresh.slice(0, MOST_ALERTS).map(({ rule, path, line, commit, fingerprint }) =>
      context.alert({
        event: 'secret_exposed',
        key: `${NAME}:${name}:alert:${fingerprint}`.toLowerCase(),
        repository: name,
        visibility: info.visibility,
        rule,
        path,
        line,
        commit,
        url: `${info.url}/commit/${commit}`,
        isSent: !hasIssue,
      }),
    ),
  )
  if (hasIssue && fresh.length > 0) {
    await openIssue(context, fresh)
  }
  if (info.archived) {
    return
  }
  for (const scan of scans) {
    const { head, found, ignored } = scan
    // what the parameters leave out now may have been called a secret before
    const isSaidClean = (parameters.set_success || (ignored > 0 && !hasIssue)) && isWhole(scan)
    if (head !== undefined && found.length > 0 && !hasIssue) {
      const description = 'A secret may have been pushed. The administrators of Aegis know where.'
      await setStatus(context, { sha: head, context: CONTEXT, state: 'failure', description })
    } else if (head !== undefined && found.length === 0 && isSaidClean) {
      await setStatus(context, { sha: head, context: CONTEXT, state: 'success', description: 'No secrets were found.' })
    }
  }
}

/** A range that was not looked at to its end is not said to be without secrets. */
function isWhole({ skipped, more, hidden, cut }: RangeScan): boolean {
  return skipped + more + hidden + cut === 0
}

const INTRO = `Secrets were found in lines that were pushed to this repository. Everybody who can read it can read them, and they stay in every clone made since.

1. **Rotate first.** Have each one revoked where it was issued, and a new one made: it counts as known from the push on.
2. Then take it out of the files, and keep the new one elsewhere: in the secrets of Actions, or in a store for them. Rewriting history without rotating helps nobody.
3. Close this issue when all of them are revoked. It is opened again for the next one.

The secrets themselves are not shown here. What is an example only can be left out by the parameters \`ignore_paths\` and \`ignore_rules\` of \`${NAME}\` in the policy of Aegis; without \`automation_${NAME}\` there the scan is off.`

async function openIssue(context: Context, fresh: readonly Found[]): Promise<void> {
  const news = fresh.map((found) => toFinding(found, context))
  // what people closed the issue over is done with
  const isDone = (await findReportState(context, NAME)) === 'closed'
  const before = isDone ? [] : recallShown(context)
  const all = [...new Map([...before, ...news].map((finding) => [finding.fingerprint, finding])).values()]
  await syncReportIssue(context, {
    job: NAME,
    title: 'Secrets were pushed to this repository',
    intro: INTRO,
    findings: rememberShown(context, all),
    labels: context.parameters.labels,
  })
}

function toFinding({ rule, path, line, commit, author, fingerprint }: Found, { facts }: Context): Finding {
  const pusher = typeof facts.sender === 'string' && facts.event === 'push' ? `, pushed by ${facts.sender}` : ''
  const message = `Rotate, then remove: added in ${commit.slice(0, 10)} by ${author}${pusher}`
  return { fingerprint, rule, severity: 'error', message, path, line }
}

function toReport(
  context: Context,
  scans: readonly MeantScan[],
  {
    found,
    fresh,
    isCut,
  }: { readonly found: readonly Found[]; readonly fresh: readonly Found[]; readonly isCut: boolean },
): JobReport {
  const sum = (pick: (scan: RangeScan) => number) => scans.reduce((total, scan) => total + pick(scan), 0)
  const gone = scans.filter(({ head }) => head === undefined).length
  const skipped = sum((scan) => scan.skipped)
  const cut = sum((scan) => scan.cut)
  const hidden = sum((scan) => scan.hidden)
  const more = sum((scan) => scan.more)
  const left = [
    isCut ? 'further branches' : '',
    skipped === 0 ? '' : `the oldest ${skipped} commits (max_commits)`,
    cut === 0 ? '' : `the end of ${cut} commits that are too large`,
    hidden === 0 ? '' : `${hidden} changed files that the policy hides`,
    more === 0 ? '' : `${more} more secrets in the same commits`,
    gone === 0 ? '' : `${gone} heads that are gone`,
    fresh.length <= MOST_ALERTS ? '' : `${fresh.length - MOST_ALERTS} alerts, which were not told one by one`,
  ].filter((part) => part !== '')
  return {
    summary: `${sum((scan) => scan.commits)} commits were looked at: ${found.length} secrets, ${fresh.length} of them new.`,
    findings: found.slice(0, MOST_REPORTED).map((one) => toFinding(one, context)),
    ...(left.length === 0 ? {} : { left: `Left out: ${left.join('; ')}.` }),
  }
}
