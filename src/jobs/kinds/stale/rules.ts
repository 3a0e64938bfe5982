import { z } from 'zod'
import type { Candidate } from './candidates.js'

/* What an operator may set, and what of it holds for one issue or pull request. */

const days = z.int().min(1).max(3650)
const names = z.array(z.string().min(1).max(255)).max(100).default([])
const text = z.string().max(10_000)

const STALE =
  'Nothing has happened here for a while, so this is marked as stale. If it still matters, a comment or any other change takes the mark off.'
const CLOSED =
  'This is closed because nothing has happened here since it was marked as stale. Reopen it if it still matters.'

/** @param staleDays the default of `days_until_stale` */
export function parametersOf(staleDays: number) {
  return z.strictObject({
    days_until_stale: days.default(staleDays).describe('Days without activity until the warning.'),
    days_until_close: days
      .nullable()
      .default(null)
      .describe('Further days without activity until it is closed; null never closes.'),
    pull_request_days_until_stale: days
      .nullable()
      .default(null)
      .describe('The same for pull requests, where it differs.'),
    pull_request_days_until_close: days
      .nullable()
      .default(null)
      .describe('Further days until a pull request is closed; null never closes one.'),
    days_by_label: z
      .record(z.string().max(255), days)
      .default({})
      .describe('Days until the warning for issues with a label, like {bug: 90}; of several the longest.'),
    include: z.enum(['issues', 'pull_requests', 'both']).default('issues').describe('What is looked at.'),
    label: z.string().min(1).max(255).default('stale').describe('The label that marks it; it must exist.'),
    only_labels: names.describe('Only what has one of these labels.'),
    exempt_labels: names.describe('Never what has one of these labels.'),
    exempt_milestones: names.describe('Never what is in one of these milestones; “*” for any.'),
    exempt_assignees: names.describe('Never what is assigned to one of these people; “*” for anybody.'),
    exempt_authors: names.describe('Never what one of these people opened.'),
    exempt_drafts: z.boolean().default(true).describe('Never draft pull requests.'),
    stale_message: text.default(STALE).describe('The comment of the warning; empty for none.'),
    close_message: text.default(CLOSED).describe('The comment before closing; empty for none.'),
    max_operations: z.int().min(1).max(1000).default(30).describe('At most so many are changed in one run.'),
  })
}
export type Parameters = z.output<ReturnType<typeof parametersOf>>

export interface StaleRules {
  readonly daysUntilStale: number
  /** Undefined: never closed. */
  readonly daysUntilClose: number | undefined
}

export function toRules(parameters: Parameters, { isPull, labels }: Candidate): StaleRules {
  const base = (isPull ? parameters.pull_request_days_until_stale : null) ?? parameters.days_until_stale
  const byLabel = Object.entries(parameters.days_by_label).filter(([name]) => includes(labels, name))
  const close = isPull ? parameters.pull_request_days_until_close : parameters.days_until_close
  return {
    daysUntilStale: byLabel.length === 0 ? base : Math.max(...byLabel.map(([, value]) => value)),
    daysUntilClose: close ?? undefined,
  }
}

export function isExempt(parameters: Parameters, candidate: Candidate): boolean {
  const { labels, milestone, assignees, author, isDraft } = candidate
  return (
    (parameters.only_labels.length > 0 && !parameters.only_labels.some((name) => includes(labels, name))) ||
    parameters.exempt_labels.some((name) => includes(labels, name)) ||
    (milestone !== '' && includesOrAny(parameters.exempt_milestones, milestone)) ||
    assignees.some((login) => includesOrAny(parameters.exempt_assignees, login)) ||
    includes(parameters.exempt_authors, author) ||
    (isDraft && parameters.exempt_drafts)
  )
}

function includes(list: readonly string[], name: string): boolean {
  return list.some((item) => item.toLowerCase() === name.toLowerCase())
}

function includesOrAny(list: readonly string[], name: string): boolean {
  return list.includes('*') || includes(list, name)
}
