import { setImmediate as turn } from 'node:timers/promises'
import { z } from 'zod'
import type { Ecosystem } from './model.js'
import { orderVersions } from './versions/order.js'

/* Known vulnerabilities in the OSV format, https://ossf.github.io/osv-schema/, matched against exact versions. */

const Event = z.object({
  introduced: z.string().optional(),
  fixed: z.string().optional(),
  last_affected: z.string().optional(),
})

const Affected = z.object({
  package: z.object({ ecosystem: z.string(), name: z.string() }),
  ranges: z.array(z.object({ type: z.string(), events: z.array(Event) })).nullish(),
  versions: z.array(z.string()).nullish(),
})

const Entry = z.object({
  id: z.string().min(1).max(100),
  summary: z.string().nullish(),
  withdrawn: z.string().nullish(),
  affected: z.array(z.unknown()).nullish(),
})

const NAMES: Readonly<Record<string, Ecosystem>> = {
  npm: 'npm',
  pypi: 'pypi',
  go: 'go',
  'crates.io': 'cargo',
  maven: 'maven',
  packagist: 'composer',
  rubygems: 'rubygems',
  nuget: 'nuget',
}

interface Advisory {
  readonly id: string
  readonly summary: string
  readonly affected: z.output<typeof Affected>
}

/** Advisories by the package they are about. */
export interface AdvisoryIndex {
  /** How many there are for ecosystems that the scan knows. */
  readonly size: number
  /** Those that name this very version. */
  find(ecosystem: Ecosystem, name: string, version: string): readonly Pick<Advisory, 'id' | 'summary' | 'affected'>[]
}

/** So many advisories are a few milliseconds of work; then others have their turn. */
const A_TURN = 200

/**
 * @param entries parsed JSON: advisories, or lists of them, or answers of the OSV API (`vulns`); anything else is left out
 * @param toKey names that mean the same package become one
 */
export async function indexAdvisories(
  entries: Iterable<unknown> | AsyncIterable<unknown>,
  toKey: (ecosystem: Ecosystem, name: string) => string,
): Promise<AdvisoryIndex> {
  const byPackage = new Map<string, Advisory[]>()
  let size = 0
  let looked = 0
  for await (const value of flatten(entries)) {
    looked += 1
    if (looked % A_TURN === 0) await turn()
    const entry = Entry.safeParse(value)
    if (!entry.success || (entry.data.withdrawn ?? '') !== '') continue
    for (const item of entry.data.affected ?? []) {
      const affected = Affected.safeParse(item)
      // the part after a colon names a distribution or a repository: `Maven:https://…`
      const ecosystem = affected.data && NAMES[affected.data.package.ecosystem.split(':')[0]?.toLowerCase() ?? '']
      if (!affected.success || ecosystem === undefined) continue
      const key = `${ecosystem}\n${toKey(ecosystem, affected.data.package.name)}`
      const advisory = { id: entry.data.id, summary: (entry.data.summary ?? '').slice(0, 200), affected: affected.data }
      const known = byPackage.get(key)
      if (known === undefined) byPackage.set(key, [advisory])
      else known.push(advisory)
      size += 1
    }
  }
  return {
    size,
    find: (ecosystem, name, version) =>
      (byPackage.get(`${ecosystem}\n${toKey(ecosystem, name)}`) ?? []).filter(({ affected }) =>
        isAffected(ecosystem, version, affected),
      ),
  }
}

async function* flatten(entries: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<unknown> {
  for await (const entry of entries) {
    const vulns = z.object({ vulns: z.array(z.unknown()) }).safeParse(entry)
    if (Array.isArray(entry)) yield* entry
    else if (vulns.success) yield* vulns.data.vulns
    else yield entry
  }
}

function isAffected(ecosystem: Ecosystem, version: string, { ranges, versions }: z.output<typeof Affected>): boolean {
  const plain = toPlain(version)
  return (
    (versions ?? []).some((listed) => toPlain(listed) === plain) ||
    (ranges ?? []).some(({ type, events }) => type !== 'GIT' && isInRange(ecosystem, plain, events))
  )
}

/** OSV writes Go's versions without their `v`, and build data says nothing. */
function toPlain(version: string): string {
  return version
    .trim()
    .replace(/^v(?=\d)/, '')
    .replace(/\+incompatible$/, '')
}

/** As the specification evaluates a range: its events in the order of their versions, the last one reached decides. */
function isInRange(ecosystem: Ecosystem, version: string, events: readonly z.output<typeof Event>[]): boolean {
  const order = (at: string) => (at === '0' ? 1 : orderVersions(ecosystem, version, toPlain(at)))
  const known = events.flatMap(({ introduced, fixed, last_affected: last }) => {
    const at = introduced ?? fixed ?? last
    const isLast = introduced === undefined && fixed === undefined
    return at === undefined ? [] : [{ at, order: order(at), isLast, isAffected: introduced !== undefined }]
  })
  if (known.some((event) => event.order === undefined)) {
    return false
  }
  const reached = known.filter((event) => (event.order ?? 0) > 0 || (event.order === 0 && !event.isLast))
  const compare = (a: string, b: string) =>
    a === b ? 0 : a === '0' ? -1 : b === '0' ? 1 : (orderVersions(ecosystem, toPlain(a), toPlain(b)) ?? 0)
  return reached.toSorted((a, b) => compare(a.at, b.at)).at(-1)?.isAffected ?? false
}

/** The first version that mends it and lies after the one in use, where an advisory names one. */
export function findFix(
  ecosystem: Ecosystem,
  version: string,
  { ranges }: z.output<typeof Affected>,
): string | undefined {
  const fixes = (ranges ?? [])
    .filter(({ type }) => type !== 'GIT')
    .flatMap(({ events }) => events.flatMap(({ fixed }) => fixed ?? []))
    .filter((fixed) => (orderVersions(ecosystem, toPlain(fixed), toPlain(version)) ?? -1) > 0)
  return fixes.sort((a, b) => orderVersions(ecosystem, a, b) ?? 0)[0]
}
