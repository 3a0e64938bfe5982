import { expect, it } from 'vitest'
import { startOAuthApp } from './oauth-app.js'

it('describes the authorization server at both addresses clients look', async () => {
  const app = await startOAuthApp()

  for (const path of ['/.well-known/oauth-authorization-server', '/.well-known/oauth-authorization-server/mcp']) {
    const response = await fetch(app.url + path, { headers: { accept: 'text/html', origin: 'https://any.example' } })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain('application/json')
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(await response.json()).toEqual({
      issuer: app.url,
      authorization_endpoint: `${app.url}/authorize`,
      token_endpoint: `${app.url}/token`,
      registration_endpoint: `${app.url}/register`,
      revocation_endpoint: `${app.url}/revoke`,
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none', 'client_secret_post', 'client_secret_basic'],
      revocation_endpoint_auth_methods_supported: ['none', 'client_secret_post', 'client_secret_basic'],
      scopes_supported: ['read:repository', 'write:repository'],
      service_documentation: `${app.url}/`,
      client_id_metadata_document_supported: true,
      authorization_response_iss_parameter_supported: true,
    })
  }
})

it.each([
  ['', '/mcp'],
  ['/mcp', '/mcp'],
  ['/mcp/sse', '/mcp/sse'],
])('describes the resource at /.well-known/oauth-protected-resource%s', async (suffix, resource) => {
  const app = await startOAuthApp()

  const response = await fetch(`${app.url}/.well-known/oauth-protected-resource${suffix}`)

  expect(response.headers.get('access-control-allow-origin')).toBe('*')
  expect(await response.json()).toEqual({
    resource: app.url + resource,
    authorization_servers: [app.url],
    scopes_supported: ['read:repository'],
    bearer_methods_supported: ['header'],
    resource_name: 'AegisGitea MCP',
    resource_documentation: `${app.url}/`,
  })
})
