import { z } from 'zod'
import { createLabel as makeLabel } from '../gitea/label-changes.js'
import { getRepository } from '../gitea/repos.js'
import { InvalidInput } from '../lib/errors.js'
import { defineTool } from './define-tool.js'
import { listUsableLabels } from './issue-names.js'
import { color, describeLabel, LabelAnswer, refuseTaken, toLabelAnswer } from './label-lines.js'
import { toOneLine } from './lines.js'
import { filledText, flag, owner, repo, textOf } from './params.js'

export const createLabel = defineTool({
  name: 'create_label',
  title: 'Create label',
  description: 'Makes a label; check list_labels first.',
  effect: 'create',
  toolset: 'issues',
  scope: 'write:repository',
  operations: ['createLabel', 'getRepository', 'listLabels', 'listOrgLabels'],
  input: z.strictObject({
    owner,
    repo,
    name: filledText(50),
    color,
    description: textOf(200).optional(),
    exclusive: flag('One per scope/'),
  }),
  output: LabelAnswer,
  async run({ owner, repo, name: asked, color, description = '', exclusive }, { gitea }) {
    const repository = { owner, repo }
    const name = toOneLine(asked)
    // without a scope Gitea stores the mark and nothing comes of it
    if (exclusive && !/^.+\/[^/]+$/.test(name)) {
      throw new InvalidInput('name: an exclusive label is named scope/name; an issue has one of each scope.')
    }
    const [known, { url }] = await Promise.all([listUsableLabels(gitea, repository), getRepository(gitea, repository)])
    refuseTaken(name, known)
    return toLabelAnswer(await makeLabel(gitea, repository, { name, color, description, exclusive }), url)
  },
  render: (label, { owner, repo }) => describeLabel('Created', label, `${owner}/${repo}`),
})
