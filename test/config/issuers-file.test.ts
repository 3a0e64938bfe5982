import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/config.js'
import { createTempFolder } from '../support/temp-folder.js'

const REQUIRED = {
  GITEA_URL: 'https://git.example.org',
  GITEA_OAUTH_CLIENT_ID: 'client',
  GITEA_OAUTH_CLIENT_SECRET: 'gto_secret',
  OAUTH_STATE_SECRET: 'a-state-secret-of-more-than-32-characters',
  PUBLIC_BASE_URL: 'https://mcp.example.org',
}
const ENTRY = `
  - issuer: https://sso.example.org/realms/staff
    login_claim: preferred_username
    scopes: { "mcp:execute": read:repository }
`

function load(text: string) {
  const path = join(createTempFolder(), 'issuers.yaml')
  writeFileSync(path, text)
  return loadConfig({ ...REQUIRED, OIDC_ISSUERS_PATH: path }).foreignTokens.issuers
}

describe('the file of other identity providers', () => {
  test('needs an issuer, the claim of the login and what scopes are good for; the rest has safe defaults', () => {
    expect(load(`issuers:${ENTRY}`)).toEqual([
      {
        issuer: 'https://sso.example.org/realms/staff',
        audiences: ['https://mcp.example.org/mcp'],
        loginClaim: 'preferred_username',
        loginDomain: undefined,
        scopes: new Map([['mcp:execute', 'read:repository']]),
        algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
        isPrimary: false,
      },
    ])
  })

  test('takes everything that can be said', () => {
    const [found] = load(`issuers:${ENTRY}    audience: [api://aegis, https://other.example]
    login_domain: Example.org
    algorithms: [ES384]
    primary: true
`)

    expect(found).toMatchObject({
      audiences: ['api://aegis', 'https://other.example'],
      loginDomain: 'example.org',
      algorithms: ['ES384'],
      isPrimary: true,
    })
  })

  test.each([
    ['no claim of the login', ENTRY.replace(/ +login_claim.*\n/, ''), /login_claim must name the claim.*never guessed/],
    ['no scopes', ENTRY.replace(/ +scopes.*\n/, ''), /scopes must say what each scope/],
    ['empty scopes', ENTRY.replace(/\{.*\}/, '{}'), /scopes must name at least one/],
    ['a scope for something else', ENTRY.replace('read:repository', 'admin'), /read:repository/],
    ['plain http', ENTRY.replace('https:', 'http:'), /must be the issuer exactly.*https/],
    ['an issuer with a query', ENTRY.replace('/staff', '/staff?x=1'), /must be the issuer exactly/],
    ['a shared secret for signatures', `${ENTRY}    algorithms: [HS256]\n`, /algorithms/],
    ['no signature', `${ENTRY}    algorithms: [none]\n`, /algorithms/],
    ['a domain with @', `${ENTRY}    login_domain: "@example.org"\n`, /login_domain must be a domain/],
    ['a misspelt name', `${ENTRY}    login_clam: x\n`, /does not know login_clam/],
    ['an issuer twice', `${ENTRY}${ENTRY}`, /is there twice/],
    [
      'two primary ones',
      `${ENTRY}    primary: true\n${ENTRY.replace('/staff', '/crew')}    primary: true\n`,
      /only one issuer can be primary/,
    ],
    ['no YAML', '\n  - [', /line \d+: this is not YAML/],
    ['a name twice', `${ENTRY}    login_claim: email\n`, /line \d+: this is not YAML/],
    ['none', ' []', /issuers/],
  ])('with %s is refused before the server starts, saying what to change', (_, entries, expected) => {
    expect(() => load(`issuers:${entries}`)).toThrow(expected)
    expect(() => load(`issuers:${entries}`)).toThrow(/OIDC_ISSUERS_PATH: /)
  })

  test('that is not there is told with its path', () => {
    expect(() => loadConfig({ ...REQUIRED, OIDC_ISSUERS_PATH: '/nowhere/issuers.yaml' })).toThrow(
      /OIDC_ISSUERS_PATH: \/nowhere\/issuers\.yaml cannot be read/,
    )
  })
})

test('further applications of Gitea mean something only where its tokens are taken', () => {
  expect(() => loadConfig({ ...REQUIRED, OAUTH_EXPECTED_AUDIENCE: 'other' })).toThrow(/OAUTH_MODE=true/)
  expect(loadConfig({ ...REQUIRED, OAUTH_MODE: 'true', OAUTH_EXPECTED_AUDIENCE: 'a, b' }).foreignTokens).toEqual({
    ofGitea: true,
    audiences: ['a', 'b'],
    issuers: [],
  })
})
