/** Dynamic client registration (RFC 7591), for clients that have no document of their own. */
import type { Context } from 'koa'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { Store } from '../db/open.js'
import { oauthClient } from '../db/schema/oauth.js'
import type { Clock } from '../lib/clock.js'
import { InvalidInput } from '../lib/errors.js'
import { createToken } from '../lib/ids.js'
import { HOUR, SECOND } from '../lib/units.js'
import { toSecretPlace } from './adapter.js'
import type { Cipher } from './cipher.js'
import { readClientMetadata } from './client-metadata.js'
import { readForm } from './provider-request.js'

interface RegistrationOptions {
  readonly store: Store
  readonly clock: Clock
  readonly cipher: Cipher
  readonly allowlist: ReadonlySet<string>
  /** Registrations one address may make in an hour. */
  readonly perHour: number
  /** The address a request really came from. */
  readonly clientIp: (ctx: Context) => string
  readonly onRegistration: (client: { readonly clientId: string; readonly clientName: string }) => void
}

export function createRegistration(options: RegistrationOptions): (ctx: Context) => Promise<void> {
  const { store, clock, cipher, allowlist } = options
  const limiter = new RateLimiterMemory({ points: options.perHour, duration: HOUR / SECOND })

  return async (ctx) => {
    ctx.set('Cache-Control', 'no-store')
    const spent = await limiter.consume(options.clientIp(ctx)).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (spent instanceof RateLimiterRes) {
      ctx.status = 429
      ctx.set('Retry-After', String(Math.ceil(spent.msBeforeNext / SECOND)))
      ctx.body = { error: 'too_many_requests', error_description: 'Too many registrations from this address.' }
      return
    }
    const result = readClientMetadata(await readJson(ctx), { source: 'registration', allowlist })
    if (!result.ok) {
      ctx.status = 400
      ctx.body = { error: result.error, error_description: result.description }
      return
    }
    const { metadata } = result
    const clientId = `agm_cl_${createToken(16)}`
    const secret = metadata.token_endpoint_auth_method === 'none' ? undefined : `agm_cs_${createToken()}`
    const createdAt = clock.now()
    store.orm
      .insert(oauthClient)
      .values({
        id: clientId,
        source: 'registration',
        metadata: JSON.stringify(metadata),
        secret: secret === undefined ? null : cipher.encrypt(secret, toSecretPlace(clientId)),
        createdAt,
      })
      .run()
    options.onRegistration({ clientId, clientName: metadata.client_name })
    ctx.status = 201
    ctx.body = {
      client_id: clientId,
      client_id_issued_at: Math.floor(createdAt / SECOND),
      ...(secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 }),
      ...metadata,
    }
  }
}

async function readJson(ctx: Context): Promise<unknown> {
  const body = await readForm(ctx)
  // what is not JSON is no client description, which the next step says in its own words
  try {
    return JSON.parse(body)
  } catch (cause) {
    throw new InvalidInput('The client description must be JSON.', { cause })
  }
}
