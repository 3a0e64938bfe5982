import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { operations } from '../../src/gitea/operations.js'
import { toInputSchema } from '../../src/mcp/tool-list.js'
import { isForClients, TOOLSETS, type Tool } from '../../src/tools/define-tool.js'
import { findToolExample } from './tool-example.js'

const FOLDER = 'src/tools'
/** Fields that a model understands by their name; people get a sentence. */
const MEANINGS: Readonly<Record<string, string>> = {
  owner: 'User or organisation the repository belongs to',
  repo: 'Name of the repository, without owner',
  page: 'Page of the list, from 1',
  limit: 'Rows of a page, at most 50; 30 unless given',
  state: '`open` unless given',
  title: 'One line',
  body: 'Markdown, passed on as it is',
  issue_number: 'Number of the issue',
  pull_number: 'Number of the pull request',
  labels: 'Names of labels',
  assignees: 'Login names',
  name: 'Name',
  start_line: 'First line to show, from 1',
  end_line: 'Last line to show',
  query: 'Words to look for',
  type: 'Kind of thing',
  branch: 'Name of the branch',
  org: 'Name of the organisation',
  release_id: 'Id of the release, from list_releases',
  username: 'Login name',
  notification_id: 'Id of the notification, from list_notifications',
  run_id: 'Id of the run, from the list of runs',
  job: 'Name of the job',
  job_id: 'Id of the job, from list_actions_jobs',
}

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
  const tools = (await readCatalog()).filter(isForClients).map((tool) => ({
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
  const all = await readCatalog()
  const tools = all.filter(isForClients)
  const lines = [
    '# Tools',
    '',
    '<!-- Generated from src/tools and test/tools by npm run gen. -->',
    '',
    'Every tool runs with the rights of the signed-in person, after scope, grant, write mode and policy have agreed.',
    'Tools that change something are listed only when `WRITE_MODE` is on and the policy may allow them. The example answers',
    'are what the tests see on a small ferry company; `<id>` and `<today>` stand for what is different every time.',
    '',
    ...TOOLSETS.map((toolset) => {
      const names = tools.filter((tool) => tool.toolset === toolset).map((tool) => toLink(tool.name))
      return names.length === 0 ? '' : `- **${toolset}**: ${names.join(', ')}`
    }).filter((line) => line !== ''),
  ]
  for (const tool of tools) {
    lines.push('', `## ${tool.name}`, '', tool.description, '', ...toFacts(tool), '', ...toParameters(tool))
    lines.push(...toExample(tool))
  }
  lines.push(...toAutomationTools(all.filter((tool) => !isForClients(tool))))
  return `${lines.join('\n')}\n`
}

/** Tools that no client can call; the policy knows their names all the same. */
function toAutomationTools(tools: readonly Tool[]): string[] {
  if (tools.length === 0) {
    return []
  }
  const intro = 'No client is told of these and none can call them; automations alone use them, through the same gate.'
  return [
    '',
    '## For automations only',
    '',
    intro,
    ...tools.flatMap((tool) => ['', `### ${tool.name}`, '', tool.description, '', ...toFacts(tool)]),
  ]
}

function toLink(name: string): string {
  return `[${name}](#${name})`
}

function toFacts(tool: Tool): string[] {
  const effect = tool.effect === 'read' ? 'reads' : tool.effect === 'create' ? 'creates' : 'changes'
  const level = tool.effect === 'read' ? 'read' : 'write'
  const writes = tool.operations.filter((name) => operations[name].kind !== 'read')
  const scopes = new Set(
    tool.operations.flatMap((name) =>
      operations[name].scopes.map((scope) => `${writes.includes(name) ? level : 'read'}:${scope}`),
    ),
  )
  // the write level includes the read level
  const needed = [...scopes].filter((scope) => !scopes.has(scope.replace(/^read:/, 'write:')) || /^write:/.test(scope))
  return [
    `- Effect: ${effect}. Scope: \`${tool.scope}\`. Toolset: ${tool.toolset}.`,
    `- Asks Gitea for: ${[...tool.operations]
      .sort()
      .map((name) => `\`${name}\``)
      .join(', ')} (Gitea's scopes ${needed
      .sort()
      .map((scope) => `\`${scope}\``)
      .join(', ')}).`,
  ]
}

function toExample(tool: Tool): string[] {
  const example = findToolExample(tool.name)
  return example === undefined ? [] : ['', 'For example:', '', '```text', example, '```']
}

function toParameters(tool: Tool): string[] {
  const { properties = {}, required = [] } = toInputSchema(tool.input)
  const rows = Object.entries(properties).map(([name, schema]) => {
    const { type, description } = readProperty(name, schema)
    return `| \`${name}\` | ${type} | ${required.includes(name) ? 'yes' : 'no'} | ${description} |`
  })
  return rows.length === 0
    ? ['Takes no arguments.']
    : ['| Argument | Type | Required | Meaning |', '|---|---|---|---|', ...rows]
}

function readProperty(name: string, schema: unknown): { type: string; description: string } {
  const { type, description, enum: values } = toRecord(schema)
  const shown = Array.isArray(values) ? values.map((value) => `\`${String(value)}\``).join(', ') : String(type ?? '')
  return { type: shown, description: String(description ?? MEANINGS[name] ?? '').replaceAll('|', '\\|') }
}

function toRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

async function readCatalog(): Promise<readonly Tool[]> {
  const { catalog } = await import('../../src/tools/catalog.gen.js')
  return catalog
}
