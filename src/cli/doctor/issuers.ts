/** Other identity providers: whether this server can learn their keys, and whether their people have a way to Gitea. */
import type { Config } from '../../config/config.js'
import type { IssuerSettings } from '../../config/issuers-file.js'
import { Discovery, KeySet, toDiscoveryUrl } from '../../identity/issuer-keys.js'
import { toTerminalText } from '../command.js'
import { findJson, probe } from '../http-probe.js'
import { type Check, failed, ok, warning } from './check.js'

/** Nothing where no other identity provider is set. */
export async function checkIssuers({ foreignTokens, gitea }: Config): Promise<Check[]> {
  const { issuers } = foreignTokens
  if (issuers.length === 0) {
    return []
  }
  const checks = await Promise.all(issuers.map(checkIssuer))
  const way =
    gitea.serviceToken === undefined
      ? [
          warning(
            'way to Gitea',
            'Without GITEA_TOKEN only people who also signed in here once can work.',
            'Set GITEA_TOKEN, best of a site administrator, or have everyone connect once through this server’s own sign-in.',
          ),
        ]
      : []
  return [...checks, ...way]
}

async function checkIssuer({ issuer, algorithms }: IssuerSettings): Promise<Check> {
  const step = `identity provider ${new URL(issuer).host}`
  const address = toDiscoveryUrl(issuer)
  const discovery = await probe(address)
  if ('failure' in discovery) {
    return failed(step, `${address} cannot be reached: ${discovery.failure}.`, 'Mend that, or correct the issuer.')
  }
  const document = Discovery.safeParse(findJson(discovery.answer))
  if (discovery.answer.status !== 200 || !document.success) {
    return failed(
      step,
      `${address} is no discovery document (status ${discovery.answer.status}).`,
      'Compare the issuer in OIDC_ISSUERS_PATH with the claim iss of a token of its; they must be the same, letter by letter.',
    )
  }
  if (document.data.issuer !== issuer) {
    return failed(
      step,
      `It calls itself ${toTerminalText(document.data.issuer)}, and OIDC_ISSUERS_PATH says ${issuer}.`,
      'Write it as it calls itself, a slash at the end included.',
    )
  }
  const published = await probe(document.data.jwks_uri)
  const where = toTerminalText(document.data.jwks_uri)
  if ('failure' in published) {
    return failed(step, `Its keys at ${where} cannot be reached: ${published.failure}.`, 'Mend that.')
  }
  const keys = KeySet.safeParse(findJson(published.answer))
  if (published.answer.status !== 200 || !keys.success || keys.data.keys.length === 0) {
    return failed(step, `There are no keys at ${where}.`, 'No token can be checked without; look at the provider.')
  }
  const usable = keys.data.keys.filter(({ alg }) => typeof alg !== 'string' || algorithms.includes(alg))
  return usable.length > 0
    ? ok(step, `publishes ${usable.length} ${usable.length === 1 ? 'key' : 'keys'} that can be used`)
    : failed(step, `None of its keys is for ${algorithms.join(', ')}.`, 'Correct algorithms in OIDC_ISSUERS_PATH.')
}
