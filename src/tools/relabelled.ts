import { z } from 'zod'
import { toOneLine, toText } from './lines.js'
import { names } from './params.js'

/* What adding labels and taking them off have in common. */

export const someLabels = names().refine((labels) => labels.length > 0, 'must name at least one label')

export const Relabelled = z.object({
  number: z.number(),
  url: z.string(),
  /** All it has now. */
  labels: z.array(z.string()),
  added: z.array(z.string()),
  removed: z.array(z.string()),
})

export function describeLabels(issue: z.output<typeof Relabelled>, where: string): string {
  const { number, url, labels, added, removed } = issue
  const done = [
    ...(added.length === 0 ? [] : [`added ${toNames(added)}`]),
    ...(removed.length === 0 ? [] : [`took off ${toNames(removed)}`]),
  ]
  const now = labels.length === 0 ? 'no labels now' : `now ${toNames(labels)}`
  return toText([`${where}#${number}: ${done.length === 0 ? 'nothing to change' : done.join(', ')}; ${now}`, url])
}

function toNames(names: readonly string[]): string {
  return names.map(toOneLine).join(', ')
}
