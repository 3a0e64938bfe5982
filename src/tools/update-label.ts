import { z } from 'zod'
import { updateLabel as changeLabel } from '../gitea/label-changes.js'
import { listLabels, listOrgLabels } from '../gitea/labels.js'
import { getRepository } from '../gitea/repos.js'
import { InvalidInput } from '../lib/errors.js'
import { defineTool } from './define-tool.js'
import { color, describeLabel, LabelAnswer, refuseTaken, toLabelAnswer } from './label-lines.js'
import { toOneLine } from './lines.js'
import { filledText, owner, repo, textOf } from './params.js'
import { findByName, resolveNames } from './resolve-name.js'

export const updateLabel = defineTool({
  name: 'update_label',
  title: 'Update label',
  description: 'Renames, recolors or describes a label everywhere it is used.',
  effect: 'update',
  toolset: 'issues',
  scope: 'write:repository',
  operations: ['updateLabel', 'getRepository', 'listLabels', 'listOrgLabels'],
  input: z
    .strictObject({
      owner,
      repo,
      name: z.string(),
      new_name: filledText(50).optional(),
      color: color.optional(),
      description: textOf(200).optional(),
    })
    .refine(
      ({ new_name, color, description }) => [new_name, color, description].some((value) => value !== undefined),
      'give at least one of new_name, color and description',
    ),
  output: LabelAnswer,
  async run({ owner, repo, name, new_name, color, description }, { gitea }) {
    const repository = { owner, repo }
    const [own, shared, { url }] = await Promise.all([
      listLabels(gitea, repository),
      listOrgLabels(gitea, owner),
      getRepository(gitea, repository),
    ])
    const toName = (label: { readonly name: string }) => label.name
    if (!findByName(name, own, toName) && findByName(name, shared, toName)) {
      throw new InvalidInput(`"${name}" is a label of the organisation ${owner}: those cannot be changed from here.`)
    }
    const [label] = resolveNames([name], own, toName, 'label')
    if (!label) throw new Error('unreachable: an unknown name throws')
    const newName = new_name === undefined ? undefined : toOneLine(new_name)
    if (newName !== undefined) {
      refuseTaken(
        newName,
        [...own, ...shared].filter((other) => other.id !== label.id),
      )
    }
    return toLabelAnswer(await changeLabel(gitea, repository, label, { name: newName, color, description }), url)
  },
  render: (label, { owner, repo }) => describeLabel('Updated', label, `${owner}/${repo}`),
})
