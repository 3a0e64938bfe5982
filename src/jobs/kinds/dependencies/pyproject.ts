import { code, type Manifest, type Remark, type Wanted } from './model.js'
import { findPythonSource, parseRequirement } from './python-requirement.js'
import { at, entriesOf, indexLines, isRecord, itemsOf, parseToml, textAt } from './structured.js'

/** pyproject.toml as the standards and as Poetry write it. */
export function parsePyproject(text: string): Manifest {
  const file = parseToml(text)
  const lines = indexLines(text)
  const wanted: Wanted[] = []
  const remarks: Remark[] = []
  const addLists = (group: string, list: unknown) => {
    for (const item of itemsOf(list)) {
      const found = typeof item === 'string' ? parseRequirement(item) : undefined
      if (found === undefined) continue
      const { name, requirement, marker } = found
      const line = lines.get(name)
      const source = findPythonSource(name, requirement)
      if (source !== undefined) remarks.push({ ...source, line })
      wanted.push({ name, requirement, group: `${group};${marker}`, line, isOptional: marker !== '' })
    }
  }
  addLists('dependencies', at(file, 'project', 'dependencies'))
  for (const [extra, list] of entriesOf(at(file, 'project', 'optional-dependencies'))) addLists(`extra ${extra}`, list)
  for (const [group, list] of entriesOf(at(file, 'dependency-groups'))) addLists(`group ${group}`, list)
  const poetry = at(file, 'tool', 'poetry')
  const tables: (readonly [string, unknown])[] = [
    ['poetry', at(poetry, 'dependencies')],
    ['poetry dev', at(poetry, 'dev-dependencies')],
    ...entriesOf(at(poetry, 'group')).map(([name, group]) => [`poetry ${name}`, at(group, 'dependencies')] as const),
  ]
  for (const [group, table] of tables) {
    for (const [name, value] of entriesOf(table)) {
      if (name.toLowerCase() === 'python') continue
      const requirement = typeof value === 'string' ? value : textAt(value, 'version')
      const line = lines.get(name)
      if (textAt(value, 'git') !== undefined && textAt(value, 'rev') === undefined) {
        const message = `${code(name)} comes from a git repository, which may change: name a full commit id as \`rev\`.`
        remarks.push({ rule: 'unpinned-source', subject: name, message, line })
      }
      if (requirement !== undefined) {
        wanted.push({ name, requirement, group, line, isOptional: at(value, 'optional') === true })
      }
    }
  }
  const hasName = textAt(file, 'project', 'name') !== undefined || textAt(poetry, 'name') !== undefined
  if (hasName && !declaresLicence(file)) {
    remarks.push({ rule: 'missing-licence', subject: 'license', message: 'Declare the `license` of the project.' })
  }
  const isManaged = ['poetry', 'uv', 'pdm'].some((tool) => isRecord(at(file, 'tool', tool)))
  return { kind: 'manifest', wanted, needsLock: isManaged && wanted.length > 0, remarks }
}

function declaresLicence(file: unknown): boolean {
  const classifiers = itemsOf(at(file, 'project', 'classifiers'))
  return (
    at(file, 'project', 'license') !== undefined ||
    at(file, 'project', 'license-files') !== undefined ||
    itemsOf(at(file, 'project', 'dynamic')).includes('license') ||
    at(file, 'tool', 'poetry', 'license') !== undefined ||
    classifiers.some((item) => typeof item === 'string' && item.startsWith('License ::'))
  )
}
