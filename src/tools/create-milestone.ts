import { z } from 'zod'
import { createMilestone as makeMilestone } from '../gitea/label-changes.js'
import { listMilestones } from '../gitea/labels.js'
import { getRepository } from '../gitea/repos.js'
import { InvalidInput } from '../lib/errors.js'
import { defineTool } from './define-tool.js'
import { toDay, toOneLine, toText } from './lines.js'
import { filledText, owner, repo, textOf } from './params.js'
import { findByName } from './resolve-name.js'

const dueOn = textOf(40, 'Like 2026-12-24').refine(
  (value) => z.iso.date().safeParse(value).success || z.iso.datetime({ offset: true }).safeParse(value).success,
  'must be a day like 2026-12-24',
)

export const createMilestone = defineTool({
  name: 'create_milestone',
  title: 'Create milestone',
  description: 'Makes a milestone; check list_milestones first.',
  effect: 'create',
  toolset: 'issues',
  scope: 'write:repository',
  operations: ['createMilestone', 'getRepository', 'listMilestones'],
  input: z.strictObject({
    owner,
    repo,
    title: filledText(255),
    description: textOf(20_000).optional(),
    due_on: dueOn.optional(),
  }),
  output: z.object({ id: z.number(), title: z.string(), due_on: z.string(), url: z.string() }),
  async run({ owner, repo, title: asked, description = '', due_on }, { gitea }) {
    const name = { owner, repo }
    const title = toOneLine(asked)
    const [known, repository] = await Promise.all([listMilestones(gitea, name), getRepository(gitea, name)])
    const taken = findByName(title, known, (milestone) => milestone.title)
    if (taken)
      throw new InvalidInput(
        `There is a milestone "${toOneLine(taken.title)}" (id ${taken.id}, ${taken.state}) already.`,
      )
    const milestone = await makeMilestone(gitea, name, {
      title,
      description,
      // a milestone is due at the end of its day, as on Gitea's own pages
      dueOn: due_on === undefined ? undefined : `${toDay(due_on)}T23:59:59Z`,
    })
    const url = `${repository.url}/milestone/${milestone.id}`
    return { id: milestone.id, title: milestone.title, due_on: milestone.dueOn, url }
  },
  render({ id, title, due_on, url }, { owner, repo }) {
    const due = due_on === '' ? '' : `, due ${toDay(due_on)}`
    return toText([`Created milestone ${toOneLine(title)} (id ${id}) in ${owner}/${repo}${due}`, url])
  },
})
