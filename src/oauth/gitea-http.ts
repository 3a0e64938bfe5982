/** HTTP to Gitea's sign-in endpoints: bounded in time, redirects refused, faults in our own words. */
import type { z } from 'zod'
import { toErrorText, UpstreamFailed, UpstreamTimeout } from '../lib/errors.js'
import { SECOND } from '../lib/units.js'

export const TIMEOUT_MS = 10 * SECOND

/** A request to Gitea outside anybody's REST credentials. */
export async function ask(url: string, init: RequestInit = {}): Promise<Response> {
  // the platform's network errors become ours
  try {
    return await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS), ...init })
  } catch (error) {
    throw toUpstreamError(error)
  }
}

/** Gitea's JSON in the shape it should have; `what` names it in the log. */
export async function readJson<Schema extends z.ZodType>(
  response: Response,
  schema: Schema,
  what: string,
): Promise<z.infer<Schema>> {
  let body: unknown
  // a proxy's HTML page in Gitea's place
  try {
    body = await response.json()
  } catch (error) {
    throw toUpstreamError(error)
  }
  const parsed = schema.safeParse(body)
  if (!parsed.success) {
    throw new UpstreamFailed('Gitea answered something that is not its API. Check GITEA_URL.', {
      detail: `${what}: ${parsed.error.message}`,
    })
  }
  return parsed.data
}

/** Whatever a request threw, as a fault of Gitea's. */
export function toUpstreamError(error: unknown): UpstreamFailed | UpstreamTimeout {
  if (error instanceof UpstreamFailed || error instanceof UpstreamTimeout) {
    return error
  }
  const causes = [error, error instanceof Error ? error.cause : undefined]
  const detail = causes
    .filter((cause) => cause !== undefined)
    .map(toErrorText)
    .join(': ')
  if (causes.some((cause) => cause instanceof Error && cause.name === 'TimeoutError')) {
    return new UpstreamTimeout('Gitea did not answer in time.', { detail, cause: error })
  }
  return new UpstreamFailed('Gitea cannot be reached.', { detail, cause: error })
}
