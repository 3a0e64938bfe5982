import { errors } from 'jose'
import type { IssuerSettings } from '../config/issuers-file.js'

/* What people and clients are told about tokens of other issuers: our words and our settings, nothing of the token. */

export function describeWrongAudience({ audiences }: IssuerSettings): string {
  return `The token was made for another service. Ask the identity provider for one with the audience ${audiences.join(' or ')}`
}

export function describeClaim(claim: string): string {
  if (claim === 'nbf') {
    return 'The token is not valid yet. If it was just made, compare the clocks of both servers'
  }
  return claim === 'exp'
    ? 'The token says no time when it ends. Such tokens are not taken'
    : 'The token does not say what it should. Sign in again'
}

export function describeForgery(error: errors.JOSEError, { algorithms }: IssuerSettings): string {
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return `The token is not signed in a way that is taken for its issuer. Taken are: ${algorithms.join(', ')}`
  }
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
    return 'The token is not signed by a key that its issuer publishes. Sign in again'
  }
  return error instanceof errors.JOSENotSupported
    ? 'The token asks for an extension that is not known here'
    : 'The token is not what its issuer signed'
}

export function describeMissingScope({ scopes }: IssuerSettings): string {
  return `The token has no scope that is good for anything here. Ask the identity provider for one of: ${[...scopes.keys()].join(', ')}`
}

export function describeMissingLogin({ loginClaim, loginDomain }: IssuerSettings): string {
  const form = loginDomain === undefined ? 'a Gitea login' : `a Gitea login followed by @${loginDomain}`
  return `The token does not say who signed in: its claim ${loginClaim} is not ${form}. Ask the admin of the identity provider to put it into access tokens`
}

export function describeUnknownPerson(login: string, host: string): string {
  return `${host} says that ${login} signed in, and nobody of this name who may work in Gitea is known here. Ask the admin for an account in Gitea; a server without GITEA_TOKEN knows people once they connected through its own sign-in`
}

export function describeNoWay(login: string): string {
  return `There is no way to Gitea for ${login} here yet. Connect once through this server's own sign-in, or ask the admin to set GITEA_TOKEN`
}
