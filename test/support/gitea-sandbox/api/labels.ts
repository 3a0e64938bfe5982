/** Reading a repository's labels and milestones. */
import type { Api } from '../api.js'
import { getParam, type RepositoryRequest, refuseNotFound } from '../exchange.js'
import { jsonPage, readPage, slicePage } from '../paging.js'
import { presentLabel, presentMilestone } from '../present/issue.js'
import { json, type Reply } from '../reply.js'
import type { Label, Milestone } from '../state.js'

/** Labels of the repository itself, by name; organisation labels are another list. */
export function repositoryLabels(request: RepositoryRequest): Label[] {
  return [...request.instance.state.labels.values()]
    .filter(({ repositoryId }) => repositoryId === request.repository.id)
    .sort((left, right) => (left.name < right.name ? -1 : 1))
}

export function repositoryMilestones(request: RepositoryRequest): Milestone[] {
  return [...request.instance.state.milestones.values()].filter(
    ({ repositoryId }) => repositoryId === request.repository.id,
  )
}

function answerLabels(request: RepositoryRequest): Reply {
  const labels = repositoryLabels(request)
  const page = readPage(request)
  const chosen = page.isPageSent ? slicePage(labels, page) : labels
  return jsonPage(
    request,
    chosen.map((label) => presentLabel(request.instance, label)),
    labels.length,
  )
}

function answerLabel(request: RepositoryRequest): Reply {
  const wanted = getParam(request, 'id')
  const label = repositoryLabels(request).find(({ id, name }) => String(id) === wanted || name === wanted)
  return label ? json(200, presentLabel(request.instance, label)) : refuseNotFound(request)
}

/** Without `state` all milestones come, whatever the documentation says. */
function answerMilestones(request: RepositoryRequest): Reply {
  const wanted = request.query.get('state') ?? 'all'
  const name = (request.query.get('name') ?? '').toLowerCase()
  const found = repositoryMilestones(request)
    .filter(({ isClosed }) => (wanted === 'open' ? !isClosed : wanted === 'closed' ? isClosed : true))
    .filter(({ title }) => title.toLowerCase().includes(name))
    .sort((left, right) => (left.dueAt ?? 0) - (right.dueAt ?? 0) || (left.title < right.title ? -1 : 1))
  const page = readPage(request)
  const chosen = page.isPageSent ? slicePage(found, page) : found
  return jsonPage(
    request,
    chosen.map((milestone) => presentMilestone(request.instance, milestone)),
    found.length,
  )
}

function answerMilestone(request: RepositoryRequest): Reply {
  const wanted = getParam(request, 'id')
  const all = repositoryMilestones(request)
  const milestone = all.find(({ id }) => String(id) === wanted) ?? all.find(({ title }) => title === wanted)
  return milestone ? json(200, presentMilestone(request.instance, milestone)) : refuseNotFound(request)
}

/** These need no unit: they answer even where issues are out of reach. */
export function addLabelRoutes(api: Api): void {
  api.repository('GET', '/labels', 'issue', [], answerLabels)
  api.repository('GET', '/labels/{id}', 'issue', [], answerLabel)
  api.repository('GET', '/milestones', 'issue', [], answerMilestones)
  api.repository('GET', '/milestones/{id}', 'issue', [], answerMilestone)
}
