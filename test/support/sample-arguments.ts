/**
 * Arguments for any tool of the catalog, made from its schema and the names of its fields, so that rules about every
 * tool hold for the next one without a change.
 */
import fc from 'fast-check'
import { toInputSchema } from '../../src/mcp/tool-list.js'
import type { Tool } from '../../src/tools/define-tool.js'

interface Field {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly items?: Field
  readonly properties?: Readonly<Record<string, Field>>
  readonly required?: readonly string[]
}

const SHA = '0123456789abcdef0123456789abcdef01234567'

/** Plain values by the name of a field, in the order in which they are tried. */
const PLAIN: Readonly<Record<string, readonly unknown[]>> = {
  owner: ['harbor'],
  repo: ['booking'],
  sha: [SHA],
  color: ['#d73a4a', 'd73a4a'],
  due_on: ['2027-01-31', '2027-01-31T12:00:00Z'],
  due_date: ['2027-01-31', '2027-01-31T12:00:00Z'],
  since: ['2026-01-31', '2026-01-31T12:00:00Z'],
}
const TEXTS = ['main', 'text', 'README.md', SHA, '2026-01-31', '2026-01-31T12:00:00Z', '1', 'harbor/booking#1']

/**
 * Arguments that the tool takes, as few as it needs.
 *
 * @throws Error when none are found: give the field a plain value above
 */
export function sampleArguments(tool: Tool, overrides: Record<string, unknown> = {}): Record<string, unknown> {
  const schema: Field = JSON.parse(JSON.stringify(toInputSchema(tool.input)))
  const known = Object.keys(schema.properties ?? {})
  const given = Object.fromEntries(Object.entries(overrides).filter(([name]) => known.includes(name)))
  const required = schema.required ?? []
  // some tools want one of several optional fields
  for (const extra of [undefined, ...known]) {
    const names = extra === undefined ? required : [...new Set([...required, extra])]
    for (const text of TEXTS) {
      const args = { ...Object.fromEntries(names.map((name) => [name, toPlain(name, schema, text)])), ...given }
      if (tool.input.safeParse(args).success) return args
    }
  }
  throw new Error(`no plain arguments found for ${tool.name}`)
}

function toPlain(name: string, schema: Field, text: string): unknown {
  return PLAIN[name]?.[0] ?? toPlainValue(schema.properties?.[name] ?? {}, text)
}

function toPlainValue(field: Field, text: string): unknown {
  if (field.enum !== undefined) return field.enum[0]
  switch (field.type) {
    case 'integer':
    case 'number':
      return 1
    case 'boolean':
      return true
    case 'array':
      return [toPlainValue(field.items ?? {}, text)]
    case 'object':
      return Object.fromEntries((field.required ?? []).map((name) => [name, toPlain(name, field, text)]))
    default:
      return text
  }
}

/** Strings that try to be something else. */
const HOSTILE = [
  '',
  '.',
  '..',
  '../..',
  '../../../user/repos',
  '%2e%2e/%2e%2e',
  '..%2f..%2f',
  'a/../../b',
  'a//b',
  '/etc/passwd',
  'a\\b',
  'a?x=1',
  'a#b',
  'a%00b',
  'a\u0000b',
  'a\nb',
  '\u202ea',
  'ｓｅｃｒｅｔ',
  '\ud800',
  '__proto__',
  'refs/heads/main',
  'main:closed',
  'main~1',
  'HEAD',
  '.git/config',
  '*',
  'null',
  'x'.repeat(5000),
] as const

export interface ArgumentPools {
  readonly owner: readonly string[]
  readonly repo: readonly string[]
  /** For every other string. */
  readonly text: readonly string[]
}

/** Arguments that a tool may or may not take: names that exist, and everything that should not work. */
export function anyArguments(tool: Tool, pools: ArgumentPools): fc.Arbitrary<Record<string, unknown>> {
  const schema: Field = JSON.parse(JSON.stringify(toInputSchema(tool.input)))
  return toObject(schema, pools)
}

function toObject({ properties = {}, required = [] }: Field, pools: ArgumentPools) {
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, field]) => [name, toAny(name, field, pools)]),
  )
  return fc.record(fields, { requiredKeys: [...required] })
}

function toAny(name: string, field: Field, pools: ArgumentPools): fc.Arbitrary<unknown> {
  if (field.enum !== undefined) return fc.constantFrom(...field.enum)
  switch (field.type) {
    case 'integer':
    case 'number':
      return fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 8 }) }, fc.constantFrom(0, -1, 2 ** 31, 1.5))
    case 'boolean':
      return fc.boolean()
    case 'array':
      return fc.array(toAny(name, field.items ?? {}, pools), { maxLength: 3 })
    case 'object':
      return toObject(field, pools)
    default:
      return toText(name === 'owner' ? pools.owner : name === 'repo' ? pools.repo : pools.text)
  }
}

function toText(pool: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...pool) },
    { weight: 2, arbitrary: fc.constantFrom(...HOSTILE) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  )
}
