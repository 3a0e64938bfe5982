import { z } from 'zod'
import type { Label } from '../gitea/labels.js'
import { InvalidInput } from '../lib/errors.js'
import { toOneLine, toText } from './lines.js'
import { textOf } from './params.js'
import { findByName } from './resolve-name.js'

/* What making a label and changing one have in common. */

export const color = textOf(7, 'Like #00aabb').refine(
  (value) => /^#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})$/.test(value),
  'must be a hex color like #00aabb',
)

export const LabelAnswer = z.object({
  id: z.number(),
  name: z.string(),
  color: z.string(),
  description: z.string(),
  exclusive: z.boolean(),
  url: z.string(),
})

/** @param repositoryUrl labels have no page of their own, but repositories have one for them all */
export function toLabelAnswer(label: Label, repositoryUrl: string): z.output<typeof LabelAnswer> {
  const { id, name, color, description, isExclusive } = label
  return {
    id,
    name,
    color: `#${color.replace('#', '')}`,
    description,
    exclusive: isExclusive,
    url: `${repositoryUrl}/labels`,
  }
}

/** Gitea takes a name twice; from then on nobody knows which of the two is meant. */
export function refuseTaken(name: string, known: readonly Label[]): void {
  const taken = findByName(name, known, (label) => label.name)
  if (taken) throw new InvalidInput(`There is a label "${toOneLine(taken.name)}" (#${taken.color}) already.`)
}

export function describeLabel(done: string, label: z.output<typeof LabelAnswer>, where: string): string {
  const { name, color, description, exclusive, url } = label
  const facts = [color, ...(exclusive ? ['exclusive'] : []), ...(description === '' ? [] : [toOneLine(description)])]
  return toText([`${done} label ${toOneLine(name)} in ${where}: ${facts.join(', ')}`, url])
}
