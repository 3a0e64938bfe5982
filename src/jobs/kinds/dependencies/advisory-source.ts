import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Dispatcher, fetch as undiciFetch } from 'undici'
import { toErrorText, UpstreamFailed } from '../../../lib/errors.js'
import { MIB, MINUTE, SECOND } from '../../../lib/units.js'
import { type AdvisoryIndex, indexAdvisories } from './advisories.js'
import { toPackageKey } from './readers.js'

/*
 * Where advisories come from: a file, a folder of files or an https address that the operator names in the settings.
 * Nothing of a repository is sent anywhere; what is fetched is the list as a whole.
 */

export interface AdvisorySource {
  /**
   * The advisories, fetched at most once in a while.
   *
   * @param now epoch milliseconds
   * @throws UpstreamFailed when they cannot be had, and were not had shortly before
   */
  load(now: number, signal: AbortSignal): Promise<AdvisoryIndex>
}

const MAX_BYTES = 64 * MIB
const MAX_FILES = 50_000
const TIMEOUT_MS = 30 * SECOND
const FRESH_MS = 30 * MINUTE
/** Yesterday's advisories are better than a report that calls everything well. */
const USABLE_MS = 24 * 60 * MINUTE

/**
 * @param source a path, or an address that begins with https://
 * @param dispatcher where connections go, for tests
 */
export function createAdvisorySource(source: string, dispatcher?: Dispatcher): AdvisorySource {
  let held: { readonly index: AdvisoryIndex; readonly at: number } | undefined
  let loading: Promise<AdvisoryIndex> | undefined

  const loadNew = async (now: number, signal: AbortSignal): Promise<AdvisoryIndex> => {
    const isAddress = source.startsWith('https://')
    const entries = isAddress ? parseEntries(await fetchText(source, signal, dispatcher)) : readEntries(source)
    const index = await indexAdvisories(entries, toPackageKey)
    held = { index, at: now }
    return index
  }
  return {
    load: async (now, signal) => {
      if (held !== undefined && now - held.at < FRESH_MS) {
        return held.index
      }
      const known = held
      loading ??= loadNew(now, signal).finally(() => {
        loading = undefined
      })
      return await loading.catch((error: unknown) => {
        if (known !== undefined && now - known.at < USABLE_MS) {
          return known.index
        }
        throw new UpstreamFailed('The advisories that AUTOMATION_ADVISORY_SOURCE names cannot be had.', {
          detail: toErrorText(error),
          cause: error,
        })
      })
    },
  }
}

/** A redirect is refused: whoever answers at the address must not be able to send this server elsewhere in its network. */
async function fetchText(url: string, signal: AbortSignal, dispatcher: Dispatcher | undefined): Promise<string> {
  const response = await undiciFetch(url, {
    redirect: 'error',
    headers: { accept: 'application/json', 'user-agent': 'AegisGitea-MCP' },
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    ...(dispatcher === undefined ? {} : { dispatcher }),
  })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`the address answered with status ${response.status}`)
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > MAX_BYTES) {
      throw new Error(`the advisories are larger than ${MAX_BYTES} bytes`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

async function* readEntries(path: string): AsyncGenerator<unknown> {
  const found = await stat(path)
  const files = found.isDirectory()
    ? (await readdir(path, { recursive: true }))
        .filter((name) => /\.jsonl?$/.test(name))
        .map((name) => join(path, name))
    : [path]
  if (files.length > MAX_FILES) {
    throw new Error(`the folder has more than ${MAX_FILES} files`)
  }
  let size = 0
  for (const file of files) {
    size += (await stat(file)).size
    if (size > MAX_BYTES) {
      throw new Error(`the advisories are larger than ${MAX_BYTES} bytes`)
    }
    yield* parseEntries(await readFile(file, 'utf8'))
  }
}

/** One JSON value, or one in each line. */
function* parseEntries(text: string): Generator<unknown> {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const isLines = lines.length > 1 && lines.every((line) => line.startsWith('{') && line.trimEnd().endsWith('}'))
  for (const value of isLines ? lines : [text]) {
    yield JSON.parse(value)
  }
}
