import { z } from 'zod'
import { type LinkedIssue, listBlocks, listDependencies, loadTimeline, type TimelineEvent } from '../gitea/timeline.js'
import { describeWithheld, showAuthored, type TrustsAuthor } from './authored-text.js'
import { defineTool, type ToolContext } from './define-tool.js'
import { describePart, toListPart, toOneLine, toText } from './lines.js'
import { issueNumber, limit, listPosition, owner, page, repo } from './params.js'
import { describeEvent, describeEvents, describeTitleChange, isWritten } from './timeline-words.js'

const Row = z.object({
  type: z.string(),
  author: z.string(),
  at: z.string(),
  what: z.string(),
  withheld: z.boolean(),
})

const Linked = z.object({
  owner: z.string(),
  repo: z.string(),
  number: z.number(),
  title: z.string(),
  closed: z.boolean(),
  withheld: z.boolean(),
})

const Links = z.object({ issues: z.array(Linked), hidden: z.number() })
type Links = z.output<typeof Links>

export const getIssueTimeline = defineTool({
  name: 'get_issue_timeline',
  title: 'Issue timeline',
  description: 'What happened to an issue or pull request, and its dependencies.',
  effect: 'read',
  toolset: 'issues',
  scope: 'read:repository',
  operations: ['listIssueTimeline', 'listIssueDependencies', 'listIssueBlocks', 'getIssue'],
  input: z.strictObject({ owner, repo, issue_number: issueNumber, page, limit }),
  output: z.object({ depends_on: Links, blocks: Links, events: z.array(Row), ...listPosition }),
  async run({ owner, repo, issue_number, page, limit: asked }, context) {
    const { gitea, limits, trustAuthors } = context
    const limit = Math.min(asked, limits.maxItems)
    const request = { owner, repo, index: issue_number }
    // first alone: it is the one that tells whether there is such an issue
    const { items, nextPage } = await loadTimeline(gitea, { ...request, page, limit })
    const [trusts, depends, blocks] = await Promise.all([
      trustAuthors(),
      listDependencies(gitea, request),
      listBlocks(gitea, request),
    ])
    const rows = items.map((event) => toRow(event, { owner, repo }, trusts, context))
    const { items: events, ...part } = toListPart(
      { items: rows, total: undefined },
      { page, limit },
      (row) => describeEvents([row]).join(''),
      limits.maxChars,
    )
    const isCut = events.length < rows.length
    const next = isCut ? part.next : nextPage === undefined ? undefined : { page: nextPage, limit }
    return {
      depends_on: toLinks(depends, trusts, context),
      blocks: toLinks(blocks, trusts, context),
      events,
      first: part.first,
      ...(next === undefined ? {} : { next }),
    }
  },
  render({ depends_on, blocks, events, ...part }, { owner, repo, issue_number, limit }) {
    const where = ` on ${owner}/${repo}#${issue_number}`
    const isHere = toIsHere({ owner, repo })
    const isEmpty = events.length === 0 && part.first === 1 && part.next === undefined
    return toText([
      describeLinks('Depends on', depends_on, isHere),
      describeLinks('Blocks', blocks, isHere),
      describePart({ items: events, ...part, ...(isEmpty ? { total: 0 } : {}) }, { one: 'event', where }, limit),
      describeWithheld([...events, ...depends_on.issues, ...blocks.issues]),
      ...describeEvents(events),
    ])
  },
})

interface Place {
  readonly owner: string
  readonly repo: string
}

function toIsHere(place: Place) {
  const here = `${place.owner}/${place.repo}`.toLowerCase()
  return (owner: string, repo: string) => `${owner}/${repo}`.toLowerCase() === here
}

function toRow(
  event: TimelineEvent,
  place: Place,
  trusts: TrustsAuthor,
  { maskSecrets, mayUseRepository }: ToolContext,
): z.output<typeof Row> {
  const written = event.type === 'change_title' ? describeTitleChange(event) : maskSecrets(event.body)
  const { text, withheld } = isWritten(event)
    ? showAuthored(trusts, event.author, written)
    : { text: '', withheld: false }
  const { other } = event
  const isUsable = other === undefined || mayUseRepository(other.owner, other.repo)
  return {
    type: event.type,
    author: event.author,
    at: event.at,
    what: describeEvent(isUsable ? event : { ...event, other: undefined }, text, toIsHere(place)),
    withheld,
  }
}

/** Gitea keeps back what the person may not see, and says so by a row without a number. */
function toLinks(issues: readonly LinkedIssue[], trusts: TrustsAuthor, { mayUseRepository }: ToolContext): Links {
  const usable = issues.filter(({ number, owner, repo }) => number > 0 && mayUseRepository(owner, repo))
  return {
    issues: usable.map(({ owner, repo, number, title, isClosed, author }) => {
      const { text, withheld } = showAuthored(trusts, author, title)
      return { owner, repo, number, title: text, closed: isClosed, withheld }
    }),
    hidden: issues.length - usable.length,
  }
}

function describeLinks(what: string, { issues, hidden }: Links, isHere: (owner: string, repo: string) => boolean) {
  const named = issues.map(({ owner, repo, number, title, closed }) => {
    const name = isHere(owner, repo) ? `#${number}` : `${owner}/${repo}#${number}`
    return `${name} ${toOneLine(title)}${closed ? ' (closed)' : ''}`
  })
  const all = hidden === 0 ? named : [...named, `${hidden} not shown here`]
  return all.length === 0 ? '' : `${what}: ${all.join('; ')}`
}
