import { z } from 'zod'
import { sha256Hex } from '../../lib/crypto.js'
import { MINUTE } from '../../lib/units.js'
import { defineJob, type JobContext, type JobReport } from '../define-job.js'
import { findOwnDraft, OWN_DRAFT_TOOLS } from '../own-draft.js'
import { next, readPages } from '../read-pages.js'
import { ToolRefused } from '../tool-refused.js'
import { quoteText, toMarker } from './markers.js'

/*
 * A draft of the next release, written from the pull requests that were merged since the last one. Nothing is published:
 * that stays with people, and what they change in the draft is not written over.
 */

const NAME = 'release_notes_draft'

const parameters = z.strictObject({
  tag: z.string().max(100).default('').describe('Tag of the draft; empty counts on from the last release.'),
  bump: z.enum(['major', 'minor', 'patch']).default('minor').describe('Which number of v1.2.3 counts on.'),
  categories: z
    .record(z.string().min(1).max(100), z.array(z.string().max(255)).min(1).max(20))
    .default({ Features: ['feature', 'enhancement'], Fixes: ['bug', 'fix'], Security: ['security'] })
    .describe('Headings and the labels that go under them, in their order; the rest is “Other changes”.'),
  exclude_labels: z
    .array(z.string().max(255))
    .max(50)
    .default(['skip-changelog'])
    .describe('Pull requests with one of these labels are left out.'),
  base: z.string().max(255).default('').describe('Only pull requests into this branch; empty for every one.'),
})
type Parameters = z.output<typeof parameters>
type Context = JobContext<Parameters>

export const releaseNotesDraft = defineJob({
  name: NAME,
  title: 'Draft of the release notes',
  description: 'Keeps a draft release with the pull requests merged since the last release. Publishes nothing.',
  tools: [...OWN_DRAFT_TOOLS, 'get_latest_release', 'list_pull_requests', 'create_release', 'edit_release'],
  deadlineMs: 5 * MINUTE,
  maxAttempts: 5,
  events: ['pull_request'],
  parameters,
  dedupe: ({ event, action, merged }, repository) =>
    event === 'pull_request' && action === 'closed' && merged === true
      ? `${NAME}:${repository}`.toLowerCase()
      : undefined,
  run,
})

const Release = z.object({
  release: z.object({ id: z.int(), tag: z.string(), published_at: z.string(), body: z.string() }),
})
const Pulls = z.object({
  pull_requests: z.array(
    z.object({
      number: z.int(),
      title: z.string(),
      author: z.string(),
      labels: z.array(z.string()),
      base: z.string(),
      merged: z.boolean(),
      merged_at: z.string(),
    }),
  ),
  next,
})
type Pull = z.output<typeof Pulls>['pull_requests'][number]

/** How far back merged pull requests are looked for; the list is by number, not by when they were merged. */
const MOST_PAGES = 20

async function run(context: Context): Promise<JobReport> {
  const last = await findLatest(context)
  const { pulls, looked, isCut } = await listMerged(context, last === undefined ? 0 : Date.parse(last.published_at))
  const since = last === undefined ? 'so far' : `since ${last.tag}`
  const left = isCut ? `Only the newest ${looked} pull requests were looked at.` : undefined
  if (pulls.length === 0) {
    return { summary: `No pull request was merged ${since}.`, ...(left === undefined ? {} : { left }) }
  }
  const marker = toMarker(NAME, 'draft')
  const notes = `${renderNotes(pulls, context.parameters)}\n\n${marker}`
  const draft = await findOwnDraft(context, marker)
  const said = draft === undefined ? await create(context, notes, last?.tag, marker) : await edit(context, draft, notes)
  return { summary: `${pulls.length} merged ${since}. ${said}`, ...(left === undefined ? {} : { left }) }
}

async function findLatest(context: Context) {
  const found = await context
    .read('get_latest_release', { ...context.repository }, Release)
    .catch((thrown: unknown) => {
      if (thrown instanceof ToolRefused && thrown.refusal.code === 'not_found') return undefined
      throw thrown
    })
  return found?.release
}

async function listMerged(
  context: Context,
  since: number,
): Promise<{ readonly pulls: readonly Pull[]; readonly looked: number; readonly isCut: boolean }> {
  const { exclude_labels, base } = context.parameters
  const found: Pull[] = []
  let isCut = false
  for await (const part of readPages(context, 'list_pull_requests', { state: 'closed' }, Pulls, MOST_PAGES)) {
    found.push(...part.pull_requests)
    isCut = part.next !== undefined
  }
  const pulls = found.filter(
    (pull) =>
      pull.merged &&
      Date.parse(pull.merged_at) > since &&
      (base === '' || pull.base === base) &&
      !hasLabel(pull, exclude_labels),
  )
  return { pulls: pulls.sort((a, b) => a.merged_at.localeCompare(b.merged_at)), looked: found.length, isCut }
}

function renderNotes(pulls: readonly Pull[], { categories }: Parameters): string {
  const left = new Set(pulls)
  const sections: string[] = []
  const add = (heading: string, chosen: readonly Pull[]) => {
    if (chosen.length > 0) {
      sections.push(`## ${quoteText(heading)}\n\n${chosen.map(describe).join('\n')}`)
    }
  }
  for (const [heading, labels] of Object.entries(categories)) {
    const chosen = [...left].filter((pull) => hasLabel(pull, labels))
    for (const pull of chosen) left.delete(pull)
    add(heading, chosen)
  }
  add(sections.length === 0 ? 'Changes' : 'Other changes', [...left])
  return sections.join('\n\n')
}

function describe({ number, title, author }: Pull): string {
  return `- ${quoteText(title, 200)} (#${number}, ${quoteText(author)})`
}

function hasLabel({ labels }: Pull, names: readonly string[]): boolean {
  return labels.some((label) => names.some((name) => name.toLowerCase() === label.toLowerCase()))
}

interface Draft {
  readonly id: number
  readonly tag: string
  readonly body: string
}

async function create(context: Context, body: string, lastTag: string | undefined, marker: string): Promise<string> {
  const tag = context.parameters.tag || countOn(lastTag, context.parameters.bump)
  await context.change({
    key: `${NAME}:${context.id}:create`,
    tool: 'create_release',
    args: { ...context.repository, tag_name: tag, name: tag, body, draft: true },
    what: `draft the release ${tag}`,
    find: async () => {
      const found = await findOwnDraft(context, marker)
      return found === undefined ? undefined : { id: found.id }
    },
  })
  context.remember('written', sha256Hex(body))
  return `The draft ${tag} was made.`
}

async function edit(context: Context, draft: Draft, body: string): Promise<string> {
  if (draft.body.trim() === body.trim()) {
    return `The draft ${draft.tag} says so already.`
  }
  if (context.recall('written') !== sha256Hex(draft.body.trim())) {
    return `Somebody has worked on the draft ${draft.tag}, so it was left alone; delete it to have a new one.`
  }
  await context.change({
    key: `${NAME}:${context.id}:edit`,
    tool: 'edit_release',
    args: { ...context.repository, release_id: draft.id, body },
    what: `write the draft ${draft.tag} anew`,
  })
  context.remember('written', sha256Hex(body))
  return `The draft ${draft.tag} was written anew.`
}

/** `v1.2.3` → `v1.3.0`; `unreleased` where the last tag has no such numbers. */
function countOn(tag: string | undefined, bump: Parameters['bump']): string {
  if (tag === undefined) {
    return 'v0.1.0'
  }
  const [, prefix = '', major, minor, patch] = /^(v?)(\d{1,9})\.(\d{1,9})\.(\d{1,9})$/.exec(tag) ?? []
  if (major === undefined) {
    return 'unreleased'
  }
  const counted = {
    major: [+major + 1, 0, 0],
    minor: [+major, Number(minor) + 1, 0],
    patch: [+major, minor, Number(patch) + 1],
  }
  return prefix + counted[bump].join('.')
}
