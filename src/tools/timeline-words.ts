import { z } from 'zod'
import type { TimelineEvent } from '../gitea/timeline.js'
import { count, toDay, toOneLine, toShortId } from './lines.js'

/* What happened to an issue, each event in a few words. */

/** What people wrote is told by its beginning; list_issue_comments has it whole. */
const EXCERPT_CHARS = 120

/** Events whose words hold text that their author made up. */
const WRITTEN = new Set(['comment', 'review', 'dismiss_review', 'change_title'])

/** Whether author trust decides on the words of this event. */
export function isWritten(event: TimelineEvent): boolean {
  return WRITTEN.has(event.type)
}

/** @param text the body, masked, or what stands in its place */
export function describeEvent(event: TimelineEvent, text: string, isHere: (owner: string, repo: string) => boolean) {
  const { type, label, person, isRemoved, milestone, oldMilestone, oldRef, newRef, sha } = event
  const other = event.other && toReference(event.other, isHere)
  switch (type) {
    case 'comment':
      return `commented: ${toExcerpt(text)}`
    case 'review':
      return text.trim() === '' ? 'reviewed' : `reviewed: ${toExcerpt(text)}`
    case 'dismiss_review':
      return `dismissed a review: ${toExcerpt(text)}`
    case 'close':
      return sha === '' ? 'closed it' : `closed it with commit ${toShortId(sha)}`
    case 'reopen':
      return 'reopened it'
    case 'merge_pull':
      return 'merged it'
    case 'label':
      return `${event.isAdded ? '+' : '-'}${toOneLine(label)}`
    case 'milestone':
      return describeChange('milestone', oldMilestone, milestone)
    case 'assignees':
      return `${isRemoved ? 'unassigned' : 'assigned'} ${person}`
    case 'review_request':
      return `${isRemoved ? 'no longer asks' : 'asked'} ${person} for a review`
    case 'change_title':
      return text
    case 'change_target_branch':
      return describeChange('base branch', oldRef, newRef)
    case 'change_issue_ref':
      return describeChange('branch', oldRef, newRef)
    case 'delete_branch':
      return `deleted branch ${toOneLine(oldRef)}`
    case 'commit_ref':
      return sha === '' ? 'named it in a commit' : `named it in commit ${toShortId(sha)}`
    case 'issue_ref':
    case 'comment_ref':
    case 'pull_ref':
      return `${describeAction(event.action)} ${other ?? 'a repository not shown here'}`
    case 'add_dependency':
      return `added dependency ${other ?? 'on one not shown here'}`
    case 'remove_dependency':
      return `removed dependency ${other ?? 'on one not shown here'}`
    case 'added_deadline':
      return `due ${toOneLine(event.body)}`
    case 'modified_deadline': {
      const [after = '', before = ''] = event.body.split('|')
      return describeChange('due', before, after)
    }
    case 'removed_deadline':
      return 'no longer due'
    case 'pull_push':
      return describePush(event.body)
    case 'lock':
      return 'locked it'
    case 'unlock':
      return 'unlocked it'
    default:
      return toOneLine(type.replaceAll('_', ' '))
  }
}

/** `title: Old -> New`. */
export function describeTitleChange({ oldTitle, newTitle }: TimelineEvent): string {
  return describeChange('title', oldTitle, newTitle)
}

function describeChange(what: string, before: string, after: string): string {
  if (after === '') return `no ${what}, was ${toOneLine(before)}`
  return before === '' ? `${what} ${toOneLine(after)}` : `${what}: ${toOneLine(before)} -> ${toOneLine(after)}`
}

function describeAction(action: string): string {
  if (action === 'closes') return 'closes it from'
  return action === 'reopens' ? 'reopens it from' : 'named it in'
}

const Push = z.object({ is_force_push: z.boolean().default(false), commit_ids: z.array(z.string()).nullish() })

function describePush(body: string): string {
  // the text of this event is JSON of Gitea's own; where it is not, that it happened is all there is to say
  try {
    const { is_force_push, commit_ids } = Push.parse(JSON.parse(body))
    return is_force_push ? 'force-pushed' : `pushed ${count(commit_ids?.length ?? 0, 'commit')}`
  } catch {
    return 'pushed'
  }
}

function toReference(
  other: { readonly number: number; readonly owner: string; readonly repo: string },
  isHere: (owner: string, repo: string) => boolean,
): string {
  return isHere(other.owner, other.repo) ? `#${other.number}` : `${other.owner}/${other.repo}#${other.number}`
}

function toExcerpt(text: string): string {
  const line = toOneLine(text)
  return line.length <= EXCERPT_CHARS ? line : `${line.slice(0, EXCERPT_CHARS).toWellFormed()}…`
}

interface EventLine {
  readonly type: string
  readonly author: string
  readonly at: string
  readonly what: string
}

/** One line for what one person did on one day, as long as nobody wrote anything in between. */
export function describeEvents(events: readonly EventLine[]): string[] {
  const lines: string[] = []
  let previous: EventLine | undefined
  for (const event of events) {
    const isSame =
      previous !== undefined &&
      previous.author === event.author &&
      toDay(previous.at) === toDay(event.at) &&
      ![previous.type, event.type].some((type) => WRITTEN.has(type))
    if (isSame) lines[lines.length - 1] += `; ${event.what}`
    else lines.push(`${toDay(event.at)} ${toOneLine(event.author)}: ${event.what}`)
    previous = event
  }
  return lines
}
