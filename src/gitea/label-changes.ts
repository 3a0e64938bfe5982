import { parseAnswer } from './answer.js'
import type { GiteaClient } from './client.js'
import { Label, Milestone } from './labels.js'
import { type RepositoryName, toName } from './repos.js'

/* Making and changing labels and milestones. Gitea takes names that exist already: look first. */

export interface NewLabel {
  readonly name: string
  /** `#rrggbb` or `#rgb`, with or without `#`. */
  readonly color: string
  readonly description: string
  readonly exclusive: boolean
}

export async function createLabel(client: GiteaClient, name: RepositoryName, label: NewLabel): Promise<Label> {
  const { owner, repo } = name
  const answer = await client.request('createLabel', {
    path: { owner, repo },
    body: label,
    subject: `a new label in ${toName(name)}`,
  })
  return parseAnswer(Label, answer)
}

interface LabelChange {
  readonly name?: string | undefined
  readonly color?: string | undefined
  readonly description?: string | undefined
}

/** Changes a label of the repository itself; what is undefined stays. */
export async function updateLabel(
  client: GiteaClient,
  name: RepositoryName,
  label: Pick<Label, 'id' | 'name' | 'isArchived'>,
  change: LabelChange,
): Promise<Label> {
  const { owner, repo } = name
  const answer = await client.request('updateLabel', {
    path: { owner, repo, id: label.id },
    // left out, Gitea takes the label out of the archive
    body: { ...change, is_archived: label.isArchived },
    subject: `label "${label.name}" in ${toName(name)}`,
  })
  return parseAnswer(Label, answer)
}

export interface NewMilestone {
  readonly title: string
  readonly description: string
  /** RFC 3339; Gitea's pages set the last second of the day. */
  readonly dueOn: string | undefined
}

export async function createMilestone(
  client: GiteaClient,
  name: RepositoryName,
  { title, description, dueOn }: NewMilestone,
): Promise<Milestone> {
  const { owner, repo } = name
  const answer = await client.request('createMilestone', {
    path: { owner, repo },
    body: { title, description, due_on: dueOn },
    subject: `a new milestone in ${toName(name)}`,
  })
  return parseAnswer(Milestone, answer)
}
