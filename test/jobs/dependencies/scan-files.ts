import { checkFiles, listUsedPackages, type ReadFile } from '../../../src/jobs/kinds/dependencies/checks.js'
import { ECOSYSTEMS } from '../../../src/jobs/kinds/dependencies/model.js'
import { findKnownFile, parseFile } from '../../../src/jobs/kinds/dependencies/readers.js'

/** Files by their path, as the scan reads them. */
function readAll(files: Readonly<Record<string, string>>): readonly ReadFile[] {
  return Object.entries(files).flatMap(([path, text]) => {
    const known = findKnownFile(path, ECOSYSTEMS)
    return known === undefined
      ? []
      : [{ ...known, content: known.role === 'opaque' ? undefined : parseFile(known, text) }]
  })
}

/** `rule path:line subject` of each finding, and the findings themselves. */
export function scan(files: Readonly<Record<string, string>>) {
  const { findings, unshown } = checkFiles(readAll(files))
  return {
    findings,
    unshown,
    lines: findings.map(
      ({ rule, path, line, subject }) => `${rule} ${path}${line === undefined ? '' : `:${line}`} ${subject}`,
    ),
  }
}

/** `name version` of everything that is used in one exact version. */
export function listUsed(files: Readonly<Record<string, string>>): readonly string[] {
  return listUsedPackages(readAll(files)).map(({ name, version }) => `${name} ${version}`)
}
