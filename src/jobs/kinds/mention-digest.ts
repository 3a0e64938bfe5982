import { z } from 'zod'
import { toIsoTime } from '../../lib/clock.js'
import { DAY, MINUTE } from '../../lib/units.js'
import { defineJob, type JobContext, type JobReport } from '../define-job.js'
import { next, readPages } from '../read-pages.js'
import { quoteText, toMarker } from './markers.js'
import { findMentions } from './mentions.js'

/*
 * Once a week, an issue that lists who was asked something in open issues and pull requests and has not answered since.
 * It names people without mentioning them: a digest is to be looked at, not another notification for everybody.
 */

const NAME = 'mention_digest'

const parameters = z.strictObject({
  days: z.int().min(1).max(90).default(7).describe('How far back mentions are looked for.'),
  title: z.string().min(1).max(150).default('Waiting for an answer').describe('The week is added to it.'),
  labels: z.array(z.string().max(255)).max(20).default([]).describe('Labels of the digest; they must exist.'),
  close_previous: z.boolean().default(true).describe('Close the digest of the week before.'),
  max_issues: z.int().min(1).max(500).default(100).describe('At most so many changed issues are read in one run.'),
})
type Context = JobContext<z.output<typeof parameters>>

export const mentionDigest = defineJob({
  name: NAME,
  title: 'Digest of mentions',
  description: 'Opens one issue a week that lists mentions nobody has answered. Names people without notifying them.',
  tools: [
    'list_issues',
    'list_pull_requests',
    'get_issue',
    'list_issue_comments',
    'find_own_issues',
    'create_issue',
    'update_issue',
  ],
  deadlineMs: 10 * MINUTE,
  maxAttempts: 5,
  events: [],
  parameters,
  dedupe: () => undefined,
  run,
})

const Row = z.object({
  number: z.int(),
  title: z.string(),
  author: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
})
type Row = z.output<typeof Row>
const Issues = z.object({ issues: z.array(Row), next })
const Pulls = z.object({ pull_requests: z.array(Row), next })
const Body = z.object({ body: z.string() })
const Comments = z.object({
  comments: z.array(z.object({ author: z.string(), body: z.string(), created_at: z.string() })),
  next,
})
const Own = z.object({ issues: z.array(z.object({ number: z.int(), state: z.enum(['open', 'closed']) })), next })
const MOST_PAGES = 100

/** Somebody was asked, and when. */
interface Waiting {
  readonly number: number
  readonly title: string
  readonly by: string
  readonly at: string
}

async function run(context: Context): Promise<JobReport> {
  const { days, max_issues: most } = context.parameters
  const since = context.now() - days * DAY
  const changed = (await listOpen(context)).filter(({ updated_at }) => Date.parse(updated_at) >= since)
  const waiting = new Map<string, Waiting[]>()
  for (const row of changed.slice(0, most)) {
    for (const [login, asked] of await findWaiting(context, row, since)) {
      waiting.set(login, [...(waiting.get(login) ?? []), asked])
    }
  }
  const unread = changed.length - Math.min(changed.length, most)
  const left = unread === 0 ? {} : { left: `${unread} further changed issues were not read (max_issues).` }
  if (waiting.size === 0) {
    return { summary: `Nobody waits for an answer in ${changed.length - unread} changed issues.`, ...left }
  }
  const week = toIsoTime(context.now()).slice(0, 10)
  const number = await write(context, week, waiting)
  return {
    summary: `${waiting.size} ${waiting.size === 1 ? 'person is' : 'people are'} waited for${number === undefined ? '' : `: #${number}`}.`,
    ...left,
  }
}

/** Open issues and pull requests, the last changed first. */
async function listOpen(context: Context): Promise<readonly Row[]> {
  const found: Row[] = []
  for await (const { issues } of readPages(context, 'list_issues', {}, Issues, MOST_PAGES)) found.push(...issues)
  for await (const part of readPages(context, 'list_pull_requests', {}, Pulls, MOST_PAGES)) {
    found.push(...part.pull_requests)
  }
  return found.sort((a, b) => b.updated_at.localeCompare(a.updated_at))
}

/** The last mention of each person after which they said nothing there. */
async function findWaiting(context: Context, row: Row, since: number): Promise<ReadonlyMap<string, Waiting>> {
  const { body } = await context.read('get_issue', { ...context.repository, issue_number: row.number }, Body)
  const said = [{ author: row.author, body, created_at: row.created_at }]
  for await (const { comments } of readPages(context, 'list_issue_comments', { issue_number: row.number }, Comments)) {
    said.push(...comments)
  }
  const waiting = new Map<string, Waiting>()
  for (const { author, body: text, created_at } of said) {
    waiting.delete(author.toLowerCase())
    if (Date.parse(created_at) < since || author === context.login) {
      continue
    }
    for (const login of findMentions(text)) {
      if (login !== author.toLowerCase() && login !== context.login.toLowerCase()) {
        waiting.set(login, { number: row.number, title: row.title, by: author, at: created_at })
      }
    }
  }
  return waiting
}

async function write(
  context: Context,
  week: string,
  waiting: ReadonlyMap<string, readonly Waiting[]>,
): Promise<number | undefined> {
  const { repository, parameters } = context
  const marker = toMarker(NAME, 'digest')
  const before = await listOwn(context, marker)
  const mark = toMarker(NAME, `digest:${week}`)
  const made = await context.change({
    key: `${NAME}:${repository.owner}/${repository.repo}:${week}`.toLowerCase(),
    tool: 'create_issue',
    args: {
      ...repository,
      title: `${parameters.title}: week to ${week}`,
      body: `${render(waiting)}\n\n${marker}\n${mark}`,
      ...(parameters.labels.length === 0 ? {} : { labels: parameters.labels }),
    },
    what: `open the digest of the week to ${week}`,
    find: async () => (await listOwn(context, mark))[0],
  })
  const number = made === undefined ? undefined : z.object({ number: z.int() }).parse(made).number
  for (const old of parameters.close_previous ? before : []) {
    if (old.state === 'open' && old.number !== number) {
      await context.change({
        key: `${NAME}:${repository.owner}/${repository.repo}#${old.number}:close`.toLowerCase(),
        tool: 'update_issue',
        args: { ...repository, issue_number: old.number, state: 'closed' },
        what: `close the digest before, #${old.number}`,
      })
    }
  }
  return number
}

async function listOwn(context: Context, marker: string) {
  const found: z.output<typeof Own>['issues'] = []
  for await (const { issues } of readPages(context, 'find_own_issues', { marker }, Own)) found.push(...issues)
  return found
}

function render(waiting: ReadonlyMap<string, readonly Waiting[]>): string {
  const sections = [...waiting.entries()]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([login, asked]) => {
      const lines = asked.map(
        ({ number, title, by, at }) => `- #${number} ${quoteText(title)} (${quoteText(by)}, ${at.slice(0, 10)})`,
      )
      return `### ${quoteText(login)}\n\n${lines.join('\n')}`
    })
  return ['Mentioned in what is open, and silent there since:', ...sections].join('\n\n')
}
