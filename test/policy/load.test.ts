import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { decide } from '../../src/policy/decide.js'
import { loadPolicy } from '../../src/policy/load.js'
import { policyJsonSchema } from '../../src/policy/schema.js'
import { policyOf, problemsOf, repo, TOOL_NAMES } from './load-text.js'

const WEB = (rules: string) => `repositories:\n  acme/web:\n    ${rules}\n`

describe('a policy file with a mistake', () => {
  test.each([
    [
      'a misspelt tool',
      'tools:\n  deny:\n    - get_isue\n',
      '3:7: There is no tool “get_isue”. Did you mean “get_issue”?',
    ],
    ['swapped words', 'tools: { deny: [issue_get] }', '1:17: There is no tool “issue_get”. Did you mean “get_issue”?'],
    [
      'a tool nothing is near to',
      'tools: { deny: [frobnicate_everything] }',
      '1:17: There is no tool “frobnicate_everything”.',
    ],
    ['a glob that matches no tool', 'tools: { deny: ["merge_*"] }', '1:17: “merge_*” matches no tool.'],
    [
      'a strange tool',
      'tools: { deny: ["get issue"] }',
      '1:17: “get issue” is not the name of a tool; it may hold letters, digits, _ and the wildcards * and ?',
    ],
    [
      'a misspelt section',
      'defalts:\n  read: allow\n',
      '1:1: “defalts” means nothing here; it takes defaults, tools, repositories. Did you mean “defaults”?',
    ],
    [
      'a misspelt list',
      'tools:\n  denny: []\n',
      '2:3: “denny” means nothing in tools; it takes allow, deny, approve. Did you mean “deny”?',
    ],
    [
      'a list that paths do not have',
      WEB('paths: { approve: [] }'),
      '3:14: “approve” means nothing in repositories.acme/web.paths; it takes allow, deny.',
    ],
    [
      'a key a repository does not have',
      WEB('path: { deny: [] }'),
      '3:5: “path” means nothing in repositories.acme/web; it takes tools, paths. Did you mean “paths”?',
    ],
    ['a default that is none', 'defaults:\n  read: approve\n', '2:9: defaults.read must be one of allow, deny'],
    ['an empty list', 'tools:\n  deny:\n', '2:8: tools.deny must be a list; an empty one is written []'],
    ['a number for a name', 'tools:\n  deny: [7]\n', '2:10: tools.deny.0 must be text; put it in quotes'],
    ['a list for a map', 'repositories: [acme/web]', '1:15: repositories must be a map from owner/name to its rules'],
    [
      'a repository without its owner',
      'repositories: { web: {} }',
      '1:17: “web” is not a repository: write owner/name, where * and ? may stand for letters, as in acme/*',
    ],
    [
      'a repository with a path',
      'repositories: { a/b/c: {} }',
      '1:17: “a/b/c” is not a repository: write owner/name, where * and ? may stand for letters, as in acme/*',
    ],
    ['a double star', 'repositories: { "acme/**": {} }', '1:17: “acme/**” has “**” or more than three “*” in one part'],
    [
      'one repository in two spellings',
      'repositories:\n  acme/web: {}\n  Acme/Web: {}\n',
      '3:3: “Acme/Web” is the same repository as “acme/web”; case does not count',
    ],
    ['a key written twice', 'tools: {}\ntools: {}\n', '2:1: this key is written twice; only one of them would count'],
    ['a tab', 'tools:\n\tdeny: []\n', '2:1: this line is indented with a tab; use spaces'],
    [
      'two documents',
      'tools: {}\n---\ntools: {}\n',
      '2:1: the file holds more than one document (---); a policy is one',
    ],
    [
      'a bare star',
      'tools: { deny: [*] }',
      '1:17: anchors (&) and aliases (*) are not used here; put a glob that starts with * in quotes',
    ],
    [
      'a tag',
      'tools: { deny: [!get_me] }',
      '1:17: tags (!) are not used here; put a value that starts with ! in quotes',
    ],
    [
      'nothing at all',
      '# later\n',
      '1:1: the policy is empty; the least it can say is: defaults: {read: allow, write: deny}',
    ],
    ['only a word', 'allow', '1:1: the policy must be a map with keys'],
  ])('is refused with its place and what to write instead: %s', (_what, text, problem) => {
    expect(problemsOf(text)).toContain(`policy.yaml:${problem}`)
  })

  test.each([
    ['', 'is empty'],
    ['!secrets', 'starts with “!”; there is no negation: put it into the other list'],
    ['a(b)', 'contains one of ( ) | " \\; a glob is made of names, *, **, ?, {a,b} and [abc]'],
    ['{a,b', 'has a brace or bracket that is not closed, nested, or around a slash'],
    ['a/{b,{c,d}}', 'has a brace or bracket that is not closed, nested, or around a slash'],
    ['{a/b,c}', 'has a brace or bracket that is not closed, nested, or around a slash'],
    ['{1..9}', 'has braces that are not a list such as {a,b}'],
    ['[!a]', 'has [!…] or []; “any character but these” is written [^…]'],
    ['[z-a]', 'has a range such as [z-a] that is the wrong way round'],
    ['a//b', 'has an empty part, “.” or “..”'],
    ['../a', 'has an empty part, “.” or “..”'],
    ['a**b', 'has “**” next to other characters; it stands alone between slashes'],
    ['*a*b*c*', 'has more than 3 “*” in one part, or more than 3 “**”'],
    ['**/a/**/b/**/c/**', 'has more than 3 “*” in one part, or more than 3 “**”'],
    ['ａ＊', 'contains a character that only looks like one of * ? [ ] { } ( ) | / \\'],
    ['a'.repeat(201), 'is longer than 200 characters'],
  ])('is refused for the path %j', (glob, problem) => {
    expect(problemsOf(WEB(`paths: { deny: [${JSON.stringify(glob)}] }`))).toEqual([
      `policy.yaml:3:21: “${glob}” ${problem}`,
    ])
  })

  it('is told everything that is wrong at once, in the order of the file', () => {
    const text =
      'tools:\n  allow: [get_isue, list_isues]\nrepositories:\n  web: {}\n  acme/web:\n    paths:\n      deny: ["a(b)"]\n'

    expect(problemsOf(text).map((line) => line.split(': ')[0])).toEqual([
      'policy.yaml:2:11',
      'policy.yaml:2:21',
      'policy.yaml:4:3',
      'policy.yaml:7:14',
    ])
  })

  it('tells the first twenty of very many', () => {
    const lines = problemsOf(`tools:\n  deny:\n${'    - nope_nope\n'.repeat(30)}`)

    expect(lines).toHaveLength(21)
    expect(lines.at(-1)).toBe('… and 10 more')
  })

  it.each([
    ['anchors that multiply', 'a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n'],
    ['deep brackets', '[\n'.repeat(60_000)],
    ['deep lists in a line', '- '.repeat(200_000)],
    ['a very long file', `# ${'x'.repeat(100)}\n`.repeat(2000)],
    ['very many keys', Array.from({ length: 30_000 }, (_, index) => `k${index}: 1\n`).join('')],
  ])('is refused in reasonable time: %s', (_what, text) => {
    expect(problemsOf(text).length).toBeGreaterThan(0)
  })
})

describe('a policy on disk', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-policy-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  it('that is not there is told by its name and the setting that names it', () => {
    const path = join(folder, 'none.yaml')

    expect(() => loadPolicy(path, { toolNames: TOOL_NAMES })).toThrow(
      `The policy ${path} cannot be used: there is no such file. POLICY_FILE_PATH says which file is read.`,
    )
    expect(() => loadPolicy(folder, { toolNames: TOOL_NAMES })).toThrow('it is a folder')
  })

  it('is named in its errors as it was asked for', () => {
    const path = join(folder, 'p.yaml')
    writeFileSync(path, 'tools: { deny: [nope_nope] }')

    expect(() => loadPolicy(path, { toolNames: TOOL_NAMES })).toThrow(`${path}:1:17: There is no tool`)
  })

  it.each(['policy/policy.yaml', ...readdirSync('policy/examples').map((name) => `policy/examples/${name}`)])(
    '%s, which we ship, can be used',
    (path) => {
      expect(loadPolicy(path, { toolNames: TOOL_NAMES }).file).toBe(path)
    },
  )

  it('the default one lets read and not write', () => {
    const policy = loadPolicy('policy/policy.yaml', { toolNames: TOOL_NAMES })

    expect(decide(policy, { tool: 'get_issue', effect: 'read', repository: repo('a/b') }).effect).toBe('allow')
    expect(decide(policy, { tool: 'create_issue', effect: 'write', repository: repo('a/b') }).effect).toBe('deny')
  })
})

describe('the JSON Schema for editors', () => {
  it('is the one that is shipped', () => {
    expect(JSON.parse(readFileSync('docs/policy.schema.json', 'utf8'))).toEqual(policyJsonSchema())
  })

  it('has a description for everything that can be written', () => {
    const nameless: string[] = []
    const walk = (node: unknown, at: string): void => {
      if (node === null || typeof node !== 'object') {
        return
      }
      for (const [key, value] of Object.entries('properties' in node && node.properties ? node.properties : {})) {
        if (typeof value !== 'object' || value === null || !('description' in value)) {
          nameless.push(`${at}.${key}`)
        }
      }
      for (const [key, value] of Object.entries(node)) {
        walk(value, `${at}.${key}`)
      }
    }

    walk(policyJsonSchema(), '')

    expect(nameless).toEqual([])
  })
})

describe('names', () => {
  it('of tools in the file may be in any case', () => {
    expect(decide(policyOf('tools: { deny: [Get_Issue] }'), { tool: 'GET_ISSUE', effect: 'read' }).effect).toBe('deny')
  })
})
