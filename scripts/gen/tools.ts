import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { toInputSchema } from '../../src/mcp/tool-list.js'
import type { Tool } from '../../src/tools/define-tool.js'

const FOLDER = 'src/tools'
const DECLARATION = /^export const (\w+) = defineTool\(/m

/** The list of all tools: static imports, so that types, dead-code search and stack traces keep working. */
export function generateCatalog(): string {
  const tools = readdirSync(FOLDER)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.gen.ts'))
    .sort()
    .flatMap((name) => {
      const [, constant] = DECLARATION.exec(readFileSync(join(FOLDER, name), 'utf8')) ?? []
      return constant === undefined ? [] : [{ constant, module: `./${name.replace(/\.ts$/, '.js')}` }]
    })
  return [
    '// Generated from the files of this folder by npm run gen.',
    "import type { Tool } from './define-tool.js'",
    ...tools.map(({ constant, module }) => `import { ${constant} } from '${module}'`),
    '',
    `export const catalog: readonly Tool[] = [${tools.map(({ constant }) => constant).join(', ')}]`,
    '',
  ].join('\n')
}

/** What clients are told about each tool: a change here is a change for every client. */
export async function generateToolSchemas(): Promise<string> {
  const tools = (await readCatalog()).map((tool) => ({
    name: tool.name,
    title: tool.title,
    description: tool.description,
    effect: tool.effect,
    scope: tool.scope,
    operations: [...tool.operations].sort(),
    inputSchema: toInputSchema(tool.input),
  }))
  return `${JSON.stringify(tools, null, 2)}\n`
}

/** `docs/tools.md`: the reference for people. */
export async function generateToolsDoc(): Promise<string> {
  const tools = await readCatalog()
  const lines = [
    '# Tools',
    '',
    '<!-- Generated from src/tools by npm run gen. -->',
    '',
    'Every tool runs with the rights of the signed-in person, after scope, grant, write mode and policy have agreed.',
    'Tools that change something are listed only when `WRITE_MODE` is on and the policy may allow them.',
  ]
  for (const tool of tools) {
    lines.push('', `## ${tool.name}`, '', tool.description, '', ...toFacts(tool), '', ...toParameters(tool))
  }
  return `${lines.join('\n')}\n`
}

function toFacts(tool: Tool): string[] {
  const effect = tool.effect === 'read' ? 'reads' : tool.effect === 'create' ? 'creates' : 'changes'
  return [
    `- Effect: ${effect}. Scope: \`${tool.scope}\`.`,
    `- Asks Gitea for: ${[...tool.operations]
      .sort()
      .map((name) => `\`${name}\``)
      .join(', ')}.`,
  ]
}

function toParameters(tool: Tool): string[] {
  const { properties = {}, required = [] } = toInputSchema(tool.input)
  const rows = Object.entries(properties).map(([name, schema]) => {
    const { type, description } = readProperty(schema)
    return `| \`${name}\` | ${type} | ${required.includes(name) ? 'yes' : 'no'} | ${description} |`
  })
  return rows.length === 0
    ? ['Takes no arguments.']
    : ['| Argument | Type | Required | Meaning |', '|---|---|---|---|', ...rows]
}

function readProperty(schema: unknown): { type: string; description: string } {
  const { type, description, enum: values } = toRecord(schema)
  const shown = Array.isArray(values) ? values.map((value) => `\`${String(value)}\``).join(', ') : String(type ?? '')
  return { type: shown, description: String(description ?? '').replaceAll('|', '\\|') }
}

function toRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

async function readCatalog(): Promise<readonly Tool[]> {
  const { catalog } = await import('../../src/tools/catalog.gen.js')
  return catalog
}
