/**
 * One sign-in through Gitea: out with a state that is random, signed, single-use, ten minutes old at most and bound to
 * the browser and to the interaction it belongs to; back with an outcome that the interaction's page shows.
 */
import { createHmac } from 'node:crypto'
import type { Store } from '../db/open.js'
import type { Clock } from '../lib/clock.js'
import { isSameSecret, sha256Base64Url } from '../lib/crypto.js'
import { UpstreamFailed, UpstreamTimeout } from '../lib/errors.js'
import { createToken } from '../lib/ids.js'
import type { Secret } from '../lib/secret.js'
import { MINUTE } from '../lib/units.js'
import type { SignInFailure } from '../pages/message.js'
import type { Cipher } from './cipher.js'
import type { GiteaOAuth } from './gitea-oauth.js'
import { judgeGiteaScope } from './gitea-scope.js'
import type { TokenVault } from './token-vault.js'

const STATE_TTL_MS = 10 * MINUTE

/** How a sign-in ended, as its page tells it. */
export type SignInOutcome = 'signed_in' | SignInFailure

export interface SignIn {
  /** Identifies this sign-in among those of its interaction. */
  readonly stateHash: string
  /** Null while the browser is at Gitea. */
  readonly outcome: SignInOutcome | null
  /** Set when the outcome is `signed_in`. */
  readonly accountId: string | null
}

export interface GiteaSignIns {
  /**
   * Starts a sign-in.
   *
   * @returns where to send the browser
   * @throws UpstreamFailed, UpstreamTimeout when Gitea cannot be reached
   */
  begin(interactionUid: string, browser: string): Promise<string>
  /**
   * Ends the sign-in that `query` (the callback's) answers, and keeps the person's tokens when it succeeded.
   *
   * @returns the interaction to go on with; undefined when the state is unknown, used, old, or another browser's
   */
  complete(query: URLSearchParams, browser: string | undefined): Promise<string | undefined>
  /** The latest sign-in of an interaction in this browser. */
  findLatest(interactionUid: string, browser: string | undefined): SignIn | undefined
}

interface GiteaSignInsOptions {
  readonly store: Store
  readonly clock: Clock
  readonly cipher: Cipher
  readonly gitea: GiteaOAuth
  readonly vault: TokenVault
  /** `OAUTH_STATE_SECRET`. */
  readonly stateSecret: Secret
  readonly onSignIn: (accountId: string, login: string) => void
  /** Why a sign-in did not succeed, for the log. */
  readonly onFailure: (outcome: SignInOutcome, detail: unknown) => void
}

interface Row {
  readonly interactionUid: string
  readonly verifier: string
}

type Ending = { readonly outcome: SignInFailure; readonly detail?: unknown } | { readonly accountId: string }

export function createGiteaSignIns(options: GiteaSignInsOptions): GiteaSignIns {
  const { clock, cipher, gitea, vault, stateSecret } = options
  const { sqlite } = options.store
  const insert = sqlite.prepare(
    `INSERT INTO gitea_sign_in (state_hash, interaction_uid, browser_hash, verifier, created_at)
     VALUES (@stateHash, @interactionUid, @browserHash, @verifier, @now)`,
  )
  const use = sqlite.prepare<[number, string, string, number], Row>(
    `UPDATE gitea_sign_in SET used_at = ?
      WHERE state_hash = ? AND browser_hash = ? AND used_at IS NULL AND created_at > ?
      RETURNING interaction_uid AS interactionUid, verifier`,
  )
  const finish = sqlite.prepare('UPDATE gitea_sign_in SET outcome = ?, account_id = ? WHERE state_hash = ?')
  const latest = sqlite.prepare<[string, string], SignIn>(
    `SELECT state_hash AS stateHash, outcome, account_id AS accountId FROM gitea_sign_in
      WHERE interaction_uid = ? AND browser_hash = ? ORDER BY created_at DESC, rowid DESC LIMIT 1`,
  )

  const sign = (random: string) => createHmac('sha256', stateSecret.reveal()).update(random).digest('base64url')

  const signIn = async (query: URLSearchParams, codeVerifier: string): Promise<Ending> => {
    if (query.get('error') !== null) {
      const code = query.get('error')
      return { outcome: code === 'access_denied' ? 'denied' : 'failed', detail: code }
    }
    const result = await gitea.exchangeCode({
      code: query.get('code') ?? '',
      state: query.get('state') ?? '',
      codeVerifier,
    })
    if ('refusal' in result) {
      const { code, detail } = result.refusal
      // a wrong secret is `unauthorized_client` here, like a used code
      const isOurs = code === 'invalid_client' || /client secret|redirect/i.test(detail)
      return { outcome: isOurs ? 'misconfigured' : 'failed', detail: result.refusal }
    }
    const { tokens } = result
    const granted = await gitea.findScope(tokens.accessToken)
    if (granted === undefined) {
      return { outcome: 'failed', detail: 'the fresh token is not active' }
    }
    const verdict = judgeGiteaScope(granted.scope)
    if (verdict !== 'enough') {
      return { outcome: verdict, detail: granted.scope }
    }
    const who = await gitea.loadPerson(tokens.accessToken)
    if ('refusal' in who) {
      return { outcome: who.refusal === 'unknown_token' ? 'failed' : who.refusal, detail: who.refusal }
    }
    if (String(who.person.id) !== granted.subject) {
      return { outcome: 'failed', detail: 'introspection and user name different people' }
    }
    const accountId = vault.keep(who.person, tokens, granted.scope)
    options.onSignIn(accountId, who.person.login)
    return { accountId }
  }

  return {
    begin: async (interactionUid, browser) => {
      const random = createToken()
      const state = `${random}.${sign(random)}`
      const codeVerifier = createToken()
      const location = await gitea.toAuthorizationUrl({
        state,
        codeChallenge: sha256Base64Url(codeVerifier),
      })
      const stateHash = sha256Base64Url(state)
      insert.run({
        stateHash,
        interactionUid,
        browserHash: sha256Base64Url(browser),
        verifier: cipher.encrypt(codeVerifier, toVerifierPlace(stateHash)),
        now: clock.now(),
      })
      return location
    },

    complete: async (query, browser) => {
      const state = query.get('state') ?? ''
      const [random = '', signature = ''] = state.split('.')
      if (browser === undefined || !isSameSecret(signature, sign(random))) {
        return undefined
      }
      const now = clock.now()
      const stateHash = sha256Base64Url(state)
      const row = use.get(now, stateHash, sha256Base64Url(browser), now - STATE_TTL_MS)
      if (row === undefined) {
        return undefined
      }
      let ending: Ending
      // a Gitea that fails in the middle is an outcome like the others: the page offers to try again
      try {
        ending = await signIn(query, cipher.decrypt(row.verifier, toVerifierPlace(stateHash)))
      } catch (error) {
        if (!(error instanceof UpstreamFailed || error instanceof UpstreamTimeout)) {
          throw error
        }
        ending = { outcome: 'unreachable', detail: error }
      }
      if ('accountId' in ending) {
        finish.run('signed_in', ending.accountId, stateHash)
      } else {
        finish.run(ending.outcome, null, stateHash)
        options.onFailure(ending.outcome, ending.detail)
      }
      return row.interactionUid
    },

    findLatest: (interactionUid, browser) =>
      browser === undefined ? undefined : latest.get(interactionUid, sha256Base64Url(browser)),
  }
}

function toVerifierPlace(stateHash: string) {
  return { purpose: 'gitea_sign_in.verifier', rowId: stateHash }
}
