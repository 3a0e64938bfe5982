import { describe, expect, it } from 'vitest'
import { InvalidInput } from '../../src/lib/errors.js'
import { parseNarrowing } from '../../src/mcp/request-narrowing.js'
import { catalog } from '../../src/tools/catalog.gen.js'
import { TOOLSETS } from '../../src/tools/define-tool.js'

const NAMES = catalog.map(({ name }) => name)

function leftBy(query: string, headers: Record<string, string> = {}): string[] {
  const rules = parseNarrowing(query, headers, NAMES)
  return catalog.filter((tool) => rules.every((rule) => rule.leaves(tool))).map(({ name }) => name)
}

function namesOf(wanted: (tool: (typeof catalog)[number]) => boolean): string[] {
  return catalog.filter(wanted).map(({ name }) => name)
}

describe('what a connection leaves out', () => {
  it('is nothing when it says nothing, or when it says all', () => {
    for (const query of ['', 'toolsets=all', 'readonly=0', 'readonly=false', 'session=abc&utm_source=x']) {
      expect(leftBy(query)).toEqual(NAMES)
    }
  })

  it.each(['readonly=1', 'readonly', 'readonly=true', 'readOnly=yes', 'read_only=on'])(
    'is what writes, by %s',
    (query) => {
      expect(leftBy(query)).toEqual(namesOf(({ effect }) => effect === 'read'))
    },
  )

  it.each([
    'toolsets=issues,pulls',
    'toolsets=Issues%2C%20pulls',
    'toolsets=issues&toolsets=pulls',
    'Toolsets=pulls,issues,',
  ])('is every other group, by %s', (query) => {
    expect(leftBy(query)).toEqual(namesOf(({ toolset }) => toolset === 'issues' || toolset === 'pulls'))
  })

  it('is every other tool, by tools', () => {
    expect(leftBy('tools=get_me,get_issue').sort()).toEqual(['get_issue', 'get_me'])
  })

  it('is the same by the headers that GitHub’s server has', () => {
    expect(leftBy('', { 'x-mcp-toolsets': 'issues', 'x-mcp-readonly': 'true' })).toEqual(
      leftBy('toolsets=issues&readonly=1'),
    )
    expect(leftBy('', { 'x-mcp-tools': 'get_me' })).toEqual(['get_me'])
  })

  it('only grows with each thing said, wherever it is said', () => {
    expect(leftBy('toolsets=issues&tools=get_issue,get_me')).toEqual(['get_issue'])
    expect(leftBy('readonly=0', { 'x-mcp-readonly': '1' })).toEqual(leftBy('readonly=1'))
    expect(leftBy('toolsets=issues', { 'x-mcp-toolsets': 'pulls' })).toEqual([])
    expect(leftBy('toolsets=issues', { 'x-mcp-toolsets': 'all' })).toEqual(leftBy('toolsets=issues'))
  })
})

describe('what cannot be meant is refused', () => {
  it.each([
    [
      'toolsets=issue',
      `names “issue”, which is no toolset. Did you mean issues? The toolsets are ${['all', ...TOOLSETS].sort().join(', ')}.`,
    ],
    ['toolsets=', 'names no toolset. The toolsets are'],
    ['tools=get_isue', 'names “get_isue”, which is no tool. Did you mean get_issue? The tools are'],
    ['tools=', 'names no tool.'],
    ['readonly=maybe', 'readonly in the address of this connection must be true or false, not “maybe”.'],
    ['toolset=issues', 'has “toolset”. Did you mean toolsets?'],
    ['readonyl=1', 'has “readonyl”. Did you mean readonly?'],
  ])('%s', (query, message) => {
    expect(() => parseNarrowing(query, {}, NAMES)).toThrow(InvalidInput)
    expect(() => parseNarrowing(query, {}, NAMES)).toThrow(message)
  })

  it('and a header is named as it is written', () => {
    expect(() => parseNarrowing('', { 'x-mcp-toolsets': 'code' }, NAMES)).toThrow(
      'X-MCP-Toolsets in the headers of this connection names “code”',
    )
  })
})
