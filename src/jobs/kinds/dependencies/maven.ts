import type { Element } from '@xmldom/xmldom'
import {
  code,
  type Locked,
  type Manifest,
  type Reader,
  type Remark,
  toBasename,
  Unreadable,
  type Wanted,
} from './model.js'
import { childrenOf, childText, parseXml } from './structured.js'

export const maven: Reader = {
  ecosystem: 'maven',
  findRole: (path) => (toBasename(path) === 'pom.xml' ? 'manifest' : undefined),
  parse: (_path, text) => parsePom(text),
  toKey: (name) => name.toLowerCase(),
  isFloating: (requirement) =>
    /^(?:LATEST|RELEASE)$/i.test(requirement) || /-SNAPSHOT$/i.test(requirement) || /,\s*[)\]]$/.test(requirement),
  satisfies: () => undefined,
  lockAdvice: '',
}

function parsePom(text: string): Manifest {
  const project = parseXml(text)
  if (project.localName !== 'project') throw new Unreadable('it describes no project')
  const properties = readProperties(project)
  const build = childrenOf(project, 'build')[0]
  const lists: readonly (readonly [string, Element | undefined, string])[] = [
    ['dependencies', childrenOf(project, 'dependencies')[0], 'dependency'],
    ['managed', childrenOf(childrenOf(project, 'dependencyManagement')[0], 'dependencies')[0], 'dependency'],
    ['plugins', childrenOf(build, 'plugins')[0], 'plugin'],
    ['managed plugins', childrenOf(childrenOf(build, 'pluginManagement')[0], 'plugins')[0], 'plugin'],
  ]
  const wanted: Wanted[] = []
  const pinned: Locked[] = []
  for (const [group, list, tag] of lists) {
    for (const element of childrenOf(list, tag)) {
      const artifact = childText(element, 'artifactId')
      if (artifact === undefined) continue
      const name = `${childText(element, 'groupId') ?? 'org.apache.maven.plugins'}:${artifact}`
      const variant = ['type', 'classifier'].map((part) => childText(element, part) ?? '').join(':')
      const requirement = resolve(childText(element, 'version') ?? '', properties)
      const line = element.lineNumber
      wanted.push({ name, requirement, group: `${group} ${variant}`, line, isOptional: true })
      if (/^\d[\w.-]*$/.test(requirement) && !/-SNAPSHOT$/i.test(requirement)) {
        pinned.push({ name, version: requirement, line })
      }
    }
  }
  const remarks: Remark[] = []
  if (childrenOf(project, 'licenses').length === 0 && childrenOf(project, 'parent').length === 0) {
    remarks.push({
      rule: 'missing-licence',
      subject: 'licenses',
      message: `Declare the \`licenses\` of ${code(childText(project, 'artifactId') ?? 'the project')}.`,
    })
  }
  return { kind: 'manifest', wanted, needsLock: false, remarks, pinned }
}

function readProperties(project: Element): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const version = childText(project, 'version') ?? childText(childrenOf(project, 'parent')[0], 'version')
  if (version !== undefined) found.set('project.version', version)
  const list = childrenOf(project, 'properties')[0]
  for (let node = list?.firstChild ?? null; node !== null; node = node.nextSibling) {
    if (node.nodeType === 1) found.set(node.nodeName, node.textContent?.trim() ?? '')
  }
  return found
}

/** One step is enough for versions; what is left unresolved is decided elsewhere, and nothing is said about it. */
function resolve(text: string, properties: ReadonlyMap<string, string>): string {
  const [, name] = /^\$\{([^}]+)\}$/.exec(text) ?? []
  return name === undefined ? text : (properties.get(name) ?? '')
}
