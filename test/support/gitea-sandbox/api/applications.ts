/** A person's OAuth applications: /user/applications/oauth2. */
import type { Api } from '../api.js'
import { type Fields, findFlag, findList, findText, readFields } from '../body.js'
import { type ApiRequest, getNumberParam, refuseNotFound, refuseWith, requireDoer } from '../exchange.js'
import { createPrefixedSecret } from '../oauth/tokens.js'
import { jsonPage, readPage, slicePage } from '../paging.js'
import { registerApplication } from '../populate.js'
import { toTime } from '../present/user.js'
import { empty, json, type Reply } from '../reply.js'
import type { OAuthApplication } from '../state.js'

function presentApplication(application: OAuthApplication, secret: string): Record<string, unknown> {
  return {
    id: application.id,
    name: application.name,
    client_id: application.clientId,
    client_secret: secret,
    confidential_client: application.isConfidential,
    skip_secondary_authorization: application.skipsSecondaryAuthorization,
    redirect_uris: application.redirectUris,
    created: toTime(application.createdAt),
  }
}

interface ApplicationForm {
  readonly name: string
  readonly redirectUris: readonly string[]
  readonly confidential: boolean
  readonly skipsSecondaryAuthorization: boolean
}

function readApplication(request: ApiRequest): ApplicationForm {
  const fields: Fields = readFields(request)
  const name = findText(request, fields, 'name') ?? ''
  const redirectUris = findList(request, fields, 'redirect_uris')?.map(String)
  if (name === '') refuseWith(request, 422, '[Name]: Required')
  if (!redirectUris) refuseWith(request, 422, '[RedirectURIs]: Required')
  return {
    name,
    redirectUris,
    // Public unless the caller says otherwise.
    confidential: findFlag(request, fields, 'confidential_client') ?? false,
    skipsSecondaryAuthorization: findFlag(request, fields, 'skip_secondary_authorization') ?? false,
  }
}

function requireOwn(request: ApiRequest): OAuthApplication {
  const doer = requireDoer(request)
  const application = request.instance.state.applications.get(getNumberParam(request, 'id'))
  return application?.ownerId === doer.id ? application : refuseNotFound(request)
}

function createApplication(request: ApiRequest): Reply {
  const { id, clientSecret } = registerApplication(request.instance, requireDoer(request), readApplication(request))
  const application = request.instance.state.applications.get(id) ?? refuseNotFound(request)
  return json(201, presentApplication(application, clientSecret))
}

function listApplications(request: ApiRequest): Reply {
  const doer = requireDoer(request)
  const all = [...request.instance.state.applications.values()].filter(({ ownerId }) => ownerId === doer.id).reverse()
  const page = readPage(request)
  const chosen = page.isPageSent ? slicePage(all, page) : all
  return jsonPage(
    request,
    chosen.map((application) => presentApplication(application, '')),
    all.length,
  )
}

/** Every edit makes a new secret. */
function editApplication(request: ApiRequest): Reply {
  const application = requireOwn(request)
  const form = readApplication(request)
  const edited: OAuthApplication = {
    ...application,
    name: form.name,
    redirectUris: form.redirectUris,
    isConfidential: form.confidential,
    skipsSecondaryAuthorization: form.skipsSecondaryAuthorization,
    secret: createPrefixedSecret('gto_'),
  }
  request.instance.state.applications.set(edited.id, edited)
  return json(200, presentApplication(edited, edited.secret))
}

function deleteApplication(request: ApiRequest): Reply {
  const { id } = requireOwn(request)
  const { applications, grants } = request.instance.state
  applications.delete(id)
  for (const grant of grants.values()) if (grant.applicationId === id) grants.delete(grant.id)
  return empty(204)
}

export function addApplicationRoutes(api: Api): void {
  const path = '/user/applications/oauth2'
  api.plain('GET', path, ['user'], listApplications)
  api.plain('POST', path, ['user'], createApplication)
  api.plain('GET', `${path}/{id}`, ['user'], (request) => json(200, presentApplication(requireOwn(request), '')))
  api.plain('PATCH', `${path}/{id}`, ['user'], editApplication)
  api.plain('DELETE', `${path}/{id}`, ['user'], deleteApplication)
}
