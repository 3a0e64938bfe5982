import { request } from 'undici'
import { z } from 'zod'
import type { Clock } from '../lib/clock.js'
import { toErrorText } from '../lib/errors.js'
import type { Logger } from '../lib/logger.js'
import { MIB, MINUTE, SECOND } from '../lib/units.js'
import { type OperationName, operations } from './operations.js'

/*
 * Which of our operations the Gitea at hand has, read from its own API description, which it serves to everyone. Where
 * that cannot be read (it can be switched off, or closed to visitors) everything is assumed: a tool that is missing
 * for no reason is worse than one that answers “not found”.
 */

export interface Capabilities {
  /** Gitea's version in its own words; undefined while it is not known. */
  version(): string | undefined
  /** Operations this Gitea does not have. */
  missing(): ReadonlySet<OperationName>
}

export interface CapabilityWatch extends Capabilities {
  /** Looks whether Gitea has changed, when the last look is old enough. Never throws. */
  check(): Promise<void>
  /** Ends a look that is under way. */
  close(): void
}

interface WatchOptions {
  /** GITEA_URL, without trailing slash. */
  readonly giteaUrl: string
  readonly clock: Clock
  readonly log: Logger
  /** What is missing is not what it was. */
  onChange(): void
}

const LOOK_AGAIN_MS = 5 * MINUTE
const ASK_AGAIN_MS = MINUTE
const TIMEOUT_MS = 10 * SECOND
/** Today's description has 0.9 MB. */
const MAX_BYTES = 8 * MIB
const EVERYTHING: ReadonlySet<OperationName> = new Set()

const Version = z.object({ version: z.string().min(1).max(200) })
const Description = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })

/** Knows nothing and assumes everything until the first `check()` has ended. */
export function createCapabilityWatch({ giteaUrl, clock, log, onChange }: WatchOptions): CapabilityWatch {
  let version: string | undefined
  let missing = EVERYTHING
  /** The version whose description `missing` was read from. */
  let described: string | undefined
  let lookedAt = Number.NEGATIVE_INFINITY
  let looking: Promise<void> | undefined
  const stop = new AbortController()

  const take = (found: ReadonlySet<OperationName>) => {
    const isSame = found.size === missing.size && [...found].every((name) => missing.has(name))
    missing = found
    if (!isSame) {
      onChange()
    }
  }

  const look = async () => {
    const running = await findVersion(giteaUrl, stop.signal)
    // a Gitea that does not answer now is still the one it was
    if (running === undefined || running === described) {
      return
    }
    version = running
    const found = await findMissing(giteaUrl, stop.signal)
    if (stop.signal.aborted) {
      return
    }
    described = found === undefined ? undefined : running
    take(found ?? EVERYTHING)
    log.info({ version, known: found !== undefined, missing: [...missing] }, 'gitea_capabilities')
  }

  return {
    version: () => version,
    missing: () => missing,
    check: async () => {
      if (looking === undefined && clock.now() - lookedAt >= (described === undefined ? ASK_AGAIN_MS : LOOK_AGAIN_MS)) {
        lookedAt = clock.now()
        looking = look()
          // an edge: a fault in looking must not end the timer that looks
          .catch((error: unknown) => log.warn({ reason: toErrorText(error) }, 'gitea_capabilities_failed'))
          .finally(() => {
            looking = undefined
          })
      }
      await looking
    },
    close: () => stop.abort(),
  }
}

async function findVersion(giteaUrl: string, signal: AbortSignal): Promise<string | undefined> {
  const parsed = Version.safeParse(await findJson(`${giteaUrl}/api/v1/version`, signal))
  return parsed.success ? parsed.data.version : undefined
}

/**
 * Reads Gitea's description of its API.
 *
 * @returns the operations it does not have; undefined when there is no description to read
 */
export async function findMissing(
  giteaUrl: string,
  signal: AbortSignal,
): Promise<ReadonlySet<OperationName> | undefined> {
  const parsed = Description.safeParse(await findJson(`${giteaUrl}/swagger.v1.json`, signal))
  return parsed.success ? compareOperations(parsed.data.paths) : undefined
}

/**
 * @param paths `paths` of a Swagger 2 document
 * @returns undefined when it describes no Gitea at all
 */
export function compareOperations(
  paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): ReadonlySet<OperationName> | undefined {
  const there = new Set(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${toShape(path)}`),
    ),
  )
  const names = Object.keys(operations) as OperationName[]
  const missing = names.filter((name) => !there.has(`${operations[name].method} ${toShape(operations[name].path)}`))
  return missing.includes('getRepository') ? undefined : new Set(missing)
}

/** A path without the names of its parameters; Gitea describes `{index}.diff` as `{index}.{diffType}`. */
function toShape(path: string): string {
  return path.replace(/\{[^}]*\}/g, '{}').replace(/\.(?:diff|patch)$/, '.{}')
}

async function findJson(url: string, signal: AbortSignal): Promise<unknown> {
  // an edge: whatever keeps the document from us, it is not there to read
  try {
    const { statusCode, body } = await request(url, {
      headers: { accept: 'application/json', 'user-agent': 'aegis-gitea-mcp' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      // minutes lie between two looks: a kept connection would only be in the way of either side's stop
      reset: true,
    })
    if (statusCode !== 200) {
      await body.dump()
      return undefined
    }
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of body) {
      size += chunk.length
      if (size > MAX_BYTES) {
        return undefined
      }
      chunks.push(chunk)
    }
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    return undefined
  }
}
