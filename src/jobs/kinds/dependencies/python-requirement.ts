import { code, type Remark } from './model.js'

/** What a dependency by PEP 508 asks for; undefined for what is none. */
export function parseRequirement(text: string): { name: string; requirement: string; marker: string } | undefined {
  const [spec = '', marker = ''] = text.slice(0, 1000).split(/\s*;\s*/)
  const [, name, rest = ''] = /^([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(.*)$/.exec(spec.trim()) ?? []
  return name === undefined ? undefined : { name, requirement: rest.trim().replace(/^\((.*)\)$/, '$1'), marker }
}

/** The remark about a dependency that is taken from an address which may change. */
export function findPythonSource(name: string, requirement: string): Remark | undefined {
  const [, address = ''] = /@\s*(\S+)/.exec(requirement) ?? []
  if (!address.startsWith('git+') || /@[0-9a-f]{40}(?:#|$)/i.test(address)) return undefined
  const message = `${code(name)} comes from ${code(address)}, which may change: name a full commit id after \`@\`.`
  return { rule: 'unpinned-source', subject: name, message }
}
