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
  id: ['gitea://harbor/booking/issue/1'],
  sha: [SHA],
  head: ['feature/refund-window'],
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
  /** What strings of that name are made of, so that a call gets far. */
  readonly byName: Readonly<Record<string, readonly string[]>>
  /** For every other string, and for those too now and then. */
  readonly text: readonly string[]
}

interface Making {
  readonly pools: ArgumentPools
  /** Chaos: everything that should not work, anywhere. */
  readonly isWild: boolean
}

/** Arguments that a tool may or may not take: names that exist, and everything that should not work. */
export function anyArguments(tool: Tool, pools: ArgumentPools): fc.Arbitrary<Record<string, unknown>> {
  const schema: Field = JSON.parse(JSON.stringify(toInputSchema(tool.input)))
  return fc.oneof(toObject(schema, { pools, isWild: false }), toObject(schema, { pools, isWild: true }))
}

function toObject({ properties = {}, required = [] }: Field, making: Making): fc.Arbitrary<Record<string, unknown>> {
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, field]) => [name, toAny(name, field, making)]),
  )
  const optional = Object.keys(fields).filter((name) => !required.includes(name))
  // few at a time: two that do not go together end most calls
  const chosen = fc.subarray(optional, { maxLength: Math.min(optional.length, making.isWild ? 8 : 2) })
  return chosen.chain((names) => fc.record(pick(fields, [...required, ...names])))
}

function pick<T>(fields: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => names.includes(name)))
}

function toAny(name: string, field: Field, making: Making): fc.Arbitrary<unknown> {
  if (field.enum !== undefined) return fc.constantFrom(...field.enum)
  switch (field.type) {
    case 'integer':
    case 'number':
      return making.isWild ? fc.constantFrom(0, -1, 2 ** 31, 1.5, 1) : fc.integer({ min: 1, max: 3 })
    case 'boolean':
      return fc.boolean()
    case 'array':
      return fc.array(toAny(name, field.items ?? {}, making), { minLength: 1, maxLength: 3 })
    case 'object':
      return toObject(field, making)
    default:
      return toText(name, making)
  }
}

function toText(name: string, { pools, isWild }: Making): fc.Arbitrary<string> {
  const fitting = fc.constantFrom(...(pools.byName[name] ?? pools.text))
  if (!isWild) return fitting
  return fc.oneof(
    { weight: 4, arbitrary: fitting },
    { weight: 4, arbitrary: fc.constantFrom(...pools.text) },
    { weight: 3, arbitrary: fc.constantFrom(...HOSTILE) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  )
}
