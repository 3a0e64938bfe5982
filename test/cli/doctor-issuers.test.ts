import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { systemClock } from '../../src/lib/clock.js'
import { type KeycloakIssuer, startKeycloakIssuer } from '../support/keycloak-issuer.js'
import { findFreePort } from '../support/start-aegis.js'
import { createTempFolder } from '../support/temp-folder.js'
import { useDoctorGround } from './doctor-ground.js'

const ground = useDoctorGround()
let keycloak: KeycloakIssuer
beforeEach(async () => {
  keycloak = await startKeycloakIssuer(systemClock)
})
afterEach(() => keycloak.close())

/** What doctor says of the issuer, written with `more`. */
async function findingsFor(more: Readonly<Record<string, unknown>> = {}) {
  const path = join(createTempFolder(), 'issuers.yaml')
  const entry = { issuer: keycloak.issuer, login_claim: 'sub', scopes: { x: 'read:repository' }, ...more }
  writeFileSync(path, stringify({ issuers: [entry] }))
  const place = await ground.install({ OIDC_ISSUERS_PATH: path })
  const { findings } = await place.doctor()
  const ofSection = findings.filter(({ section }) => section === 'Other identity providers')
  return { issuer: ofSection[0], way: ofSection[1] }
}

test('an issuer whose keys can be had is in order, and people without a way to Gitea are thought of', async () => {
  const { issuer, way } = await findingsFor()

  expect(issuer).toMatchObject({
    status: 'ok',
    step: `identity provider ${new URL(keycloak.issuer).host}`,
    found: 'publishes 1 key that can be used',
  })
  expect(way).toMatchObject({ status: 'warning', fix: expect.stringContaining('GITEA_TOKEN') })
})

test.each([
  ['down', /no discovery document \(status 503\)/],
  ['page', /no discovery document/],
  ['other issuer', /calls itself https:\/\/elsewhere\.example/],
  ['no keys', /There are no keys/],
] as const)('an issuer in trouble is named (%s)', async (trouble, expected) => {
  keycloak.setTrouble(trouble)

  expect((await findingsFor()).issuer).toMatchObject({
    status: 'failed',
    found: expect.stringMatching(expected),
    fix: expect.any(String),
  })
})

test('an issuer that is not there, or signs in another way than is written, is named', async () => {
  expect((await findingsFor({ algorithms: ['ES256'] })).issuer).toMatchObject({
    status: 'failed',
    found: expect.stringContaining('None of its keys is for ES256'),
  })
  expect((await findingsFor({ issuer: `http://127.0.0.1:${await findFreePort()}/realms/none` })).issuer).toMatchObject({
    status: 'failed',
    found: expect.stringContaining('cannot be reached: nothing listens there'),
  })
})

test('a file that cannot be used is told with the settings', async () => {
  const place = await ground.install({ OIDC_ISSUERS_PATH: '/nowhere/issuers.yaml' })

  expect((await place.doctor()).trouble).toMatch(/OIDC_ISSUERS_PATH: \/nowhere\/issuers\.yaml cannot be read/)
})
