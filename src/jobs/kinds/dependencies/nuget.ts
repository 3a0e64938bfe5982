import type { Element } from '@xmldom/xmldom'
import { type Locked, type Lockfile, type Manifest, type Reader, toBasename, Unreadable, type Wanted } from './model.js'
import { at, childrenOf, childText, entriesOf, indexLines, parseJson, parseXml, textAt } from './structured.js'
import { satisfiesInterval } from './versions/semver.js'

const PROJECT = /\.(?:cs|fs|vb)proj$/i

export const nuget: Reader = {
  ecosystem: 'nuget',
  findRole: (path) => {
    const name = toBasename(path)
    if (name === 'packages.lock.json') return 'lock'
    return PROJECT.test(name) || /^Directory\.(?:Packages|Build)\.props$/i.test(name) ? 'manifest' : undefined
  },
  parse: (path, text) => (toBasename(path) === 'packages.lock.json' ? parseLock(text) : parseProject(text)),
  toKey: (name) => name.toLowerCase(),
  // a version alone is the lowest one, which is what NuGet takes
  isFloating: (requirement) => /\*/.test(requirement) || /,\s*[)\]]$/.test(requirement.trim()),
  satisfies: (version, requirement) => (/[*$]/.test(requirement) ? undefined : satisfiesInterval(version, requirement)),
  lockAdvice: 'Run `dotnet restore` and commit packages.lock.json.',
}

function parseProject(text: string): Manifest {
  const project = parseXml(text)
  if (project.localName !== 'Project') throw new Unreadable('it describes no project')
  const wanted: Wanted[] = []
  const pinned: Locked[] = []
  let asksForLock = false
  for (const group of childrenOf(project, 'PropertyGroup')) {
    asksForLock ||= childText(group, 'RestorePackagesWithLockFile')?.toLowerCase() === 'true'
  }
  for (const group of childrenOf(project, 'ItemGroup')) {
    for (const tag of ['PackageReference', 'PackageVersion', 'GlobalPackageReference']) {
      for (const element of childrenOf(group, tag)) {
        const name = element.getAttribute('Include')
        if (name === null || name === '') continue
        const requirement = readVersion(element)
        const condition = `${group.getAttribute('Condition') ?? ''}${element.getAttribute('Condition') ?? ''}`
        const line = element.lineNumber
        wanted.push({
          name,
          requirement,
          group: `${tag} ${condition}`,
          line,
          isOptional: condition !== '' || tag !== 'PackageReference',
        })
        if (/^\d[\w.+-]*$/.test(requirement)) pinned.push({ name, version: requirement, line })
      }
    }
  }
  return { kind: 'manifest', wanted, needsLock: asksForLock && wanted.length > 0, remarks: [], pinned }
}

function readVersion(element: Element): string {
  for (const name of ['VersionOverride', 'Version']) {
    const found = element.getAttribute(name) ?? childText(element, name)
    if (found !== undefined && found !== '') return found.trim()
  }
  return ''
}

function parseLock(text: string): Lockfile {
  const file = parseJson(text)
  if (at(file, 'dependencies') === undefined) throw new Unreadable('it lists no dependencies')
  const lines = indexLines(text)
  const locked = entriesOf(at(file, 'dependencies')).flatMap(([, framework]) =>
    entriesOf(framework).flatMap(([name, entry]) => {
      const version = textAt(entry, 'resolved')
      return version === undefined ? [] : [{ name, version, line: lines.get(name) }]
    }),
  )
  return { kind: 'lock', locked, remarks: [], isExact: true }
}
