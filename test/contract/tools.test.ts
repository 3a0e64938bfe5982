import { existsSync, readFileSync } from 'node:fs'
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { expect, test } from 'vitest'
import { operations } from '../../src/gitea/operations.js'
import { toInputSchema } from '../../src/mcp/tool-list.js'
import { catalog } from '../../src/tools/catalog.gen.js'
import { isForClients, type Tool } from '../../src/tools/define-tool.js'
import { listFiles } from './source-files.js'

/** o200k tokens of name, description and schema, averaged over the list. */
const TOKENS_A_TOOL = 95

const each = catalog.map((tool) => [tool.name, tool] as const)

test('every file that declares a tool is in the catalog', () => {
  const declared = listFiles('src/tools/*.ts').filter((file) => /= defineTool\(/.test(readFileSync(file, 'utf8')))

  expect(catalog.map((tool) => toFile(tool.name)).sort()).toEqual(declared.sort())
})

test.each(each)('%s is in a file of its name, with a test beside it', (name) => {
  expect(existsSync(toFile(name))).toBe(true)
  expect(existsSync(toTestFile(toFile(name)))).toBe(true)
})

/** ChatGPT's connectors look for tools of exactly these names. */
const GIVEN_NAMES = new Set(['search', 'fetch'])

test.each(each)('%s has a name and a description that clients can use', (name, tool) => {
  expect(GIVEN_NAMES.has(name) ? 'given_name' : name).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)+$/)
  expect(name.length).toBeLessThanOrEqual(64)
  expect(tool.title).not.toBe('')
  expect(tool.description).toMatch(/^[A-Z].*\.$/)
})

/** Fields whose name and type say it all. */
const PLAIN = new Set(
  'owner repo page limit state title body issue_number pull_number labels assignees name start_line end_line query type notification_id run_id job_id branch org base event comments new_branch_name tag_name reviewers draft prerelease release_id username description new_name comment_id language regex word case id job'.split(
    ' ',
  ),
)

test.each(each)('%s describes every field that is not plain by its name and takes no other', (_name, tool) => {
  const schema = toInputSchema(tool.input)
  const undescribed = Object.entries(schema.properties ?? {}).filter(
    ([name, field]) =>
      !PLAIN.has(name) &&
      (typeof field !== 'object' || field === null || !('description' in field) || field.description === ''),
  )

  expect(undescribed).toEqual([])
  expect(tool.input.safeParse({ surely_unknown: 1 }).error?.issues.map(({ code }) => code)).toContain(
    'unrecognized_keys',
  )
})

test.each(each)('%s has a schema that every client understands', (_name, tool) => {
  expect(JSON.stringify(toInputSchema(tool.input))).not.toMatch(/"(anyOf|oneOf|allOf|not|\$ref)":/)
})

test.each(each)('%s says which of its arguments is a path', (_name, tool) => {
  // a list of paths is decided path by path inside the tool, so that one hidden file does not hide the others
  const paths = Object.keys(tool.input.shape).filter((field) => /path/.test(field) && field !== `${tool.pathArgument}s`)

  expect(paths).toEqual(tool.pathArgument === undefined ? [] : [tool.pathArgument])
})

/** What they change is in our own queue: the job that follows sends its own operations. */
const CHANGE_NO_GITEA = new Set(['run_automation_job'])

test.each(each)('%s sends to Gitea only what its effect allows', (name, tool) => {
  const writes = tool.operations.filter((operation) => operations[operation].kind !== 'read')

  expect(writes.length > 0).toBe(tool.effect !== 'read' && !CHANGE_NO_GITEA.has(name))
  expect(tool.scope).toBe(tool.effect === 'read' ? 'read:repository' : 'write:repository')
  expect(new Set(tool.operations).size).toBe(tool.operations.length)
  expect(tool.operations).toEqual(expect.arrayContaining([...(tool.optionalOperations ?? [])]))
})

test('the list costs a model little: all tools 5,000 tokens, those that read 3,000', () => {
  const all = catalog
    .filter(isForClients)
    .map((tool) => ({ tool, tokens: countTokens(JSON.stringify(toListed(tool))) }))
  const sum = (listed: typeof all) => listed.reduce((total, { tokens }) => total + tokens, 0)

  expect(sum(all)).toBeLessThanOrEqual(5000)
  expect(sum(all.filter(({ tool }) => tool.effect === 'read'))).toBeLessThanOrEqual(3000)
  expect(sum(all) / all.length).toBeLessThanOrEqual(TOKENS_A_TOOL)
})

function toListed({ name, description, input }: Tool) {
  return { name, description, inputSchema: toInputSchema(input) }
}

function toFile(name: string): string {
  return `src/tools/${name.replaceAll('_', '-')}.ts`
}

function toTestFile(file: string): string {
  return file.replace(/^src\//, 'test/').replace(/\.ts$/, '.test.ts')
}
