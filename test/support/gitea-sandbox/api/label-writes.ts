/** Making and changing a repository's labels and milestones: what Gitea accepts, and what it forgets to keep. */
import { type Api, needsToken, needsWriter } from '../api.js'
import { type Fields, findFlag, findText, readFields } from '../body.js'
import { getNumberParam, type RepositoryRequest, refuseNotFound, refuseWith } from '../exchange.js'
import { presentLabel, presentMilestone } from '../present/issue.js'
import { json, type Reply } from '../reply.js'
import type { Label, Milestone } from '../state.js'
import { repositoryLabels } from './labels.js'

/** Six hex digits without `#`, as the API shows them. */
function readColor(request: RepositoryRequest, given: string): string {
  const digits = /^#?([0-9a-f]{6}|[0-9a-f]{3})$/.exec(given.trim().toLowerCase())?.[1]
  if (digits === undefined) return refuseWith(request, 422, `invalid color: ${given}`)
  return digits.length === 6 ? digits : [...digits].map((digit) => digit + digit).join('')
}

function requireText(request: RepositoryRequest, fields: Fields, name: string, label: string): string {
  return findText(request, fields, name) || refuseWith(request, 422, `[${label}]: Required`)
}

/** Takes a name that is there already. */
function createLabel(request: RepositoryRequest): Reply {
  const { instance, repository } = request
  const fields = readFields(request)
  const name = requireText(request, fields, 'name', 'Name')
  const label: Label = {
    id: instance.state.nextId('label'),
    repositoryId: repository.id,
    organizationId: undefined,
    name,
    color: readColor(request, requireText(request, fields, 'color', 'Color')),
    description: findText(request, fields, 'description') ?? '',
    isExclusive: findFlag(request, fields, 'exclusive') ?? false,
    isArchived: findFlag(request, fields, 'is_archived') ?? false,
  }
  instance.state.labels.set(label.id, label)
  return json(201, presentLabel(instance, label))
}

/** Without `is_archived` the label leaves the archive (T8). */
function editLabel(request: RepositoryRequest): Reply {
  const fields = readFields(request)
  const id = getNumberParam(request, 'id')
  const label = repositoryLabels(request).find((item) => item.id === id) ?? refuseNotFound(request)
  const color = findText(request, fields, 'color')
  label.name = findText(request, fields, 'name') ?? label.name
  label.isExclusive = findFlag(request, fields, 'exclusive') ?? label.isExclusive
  label.color = color === undefined ? label.color : readColor(request, color)
  label.description = findText(request, fields, 'description') ?? label.description
  label.isArchived = findFlag(request, fields, 'is_archived') ?? false
  return json(200, presentLabel(request.instance, label))
}

/** Takes any title, a blank one and one that is there already too. */
function createMilestone(request: RepositoryRequest): Reply {
  const { instance, repository } = request
  const fields = readFields(request)
  const dueOn = findText(request, fields, 'due_on')
  const dueAt = dueOn === undefined ? undefined : Date.parse(dueOn)
  if (Number.isNaN(dueAt)) refuseWith(request, 422, `[]: parsing time ${JSON.stringify(dueOn)}`)
  const now = instance.clock.now()
  const isClosed = findText(request, fields, 'state') === 'closed'
  const milestone: Milestone = {
    id: instance.state.nextId('milestone'),
    repositoryId: repository.id,
    title: findText(request, fields, 'title') ?? '',
    description: findText(request, fields, 'description') ?? '',
    isClosed,
    createdAt: now,
    updatedAt: now,
    closedAt: isClosed ? now : undefined,
    dueAt,
  }
  instance.state.milestones.set(milestone.id, milestone)
  return json(201, presentMilestone(instance, milestone))
}

/** Archived repositories take all of these. */
export function addLabelWriteRoutes(api: Api): void {
  const guards = [needsToken, needsWriter('repo.issues', 'repo.pulls')]
  api.repository('POST', '/labels', 'issue', guards, createLabel)
  api.repository('PATCH', '/labels/{id}', 'issue', guards, editLabel)
  api.repository('POST', '/milestones', 'issue', guards, createMilestone)
}
