import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { COMMANDS } from '../../src/cli/commands.js'
import { envSections } from '../../src/config/env.js'
import { createMetrics } from '../../src/http/metrics.js'
import { parsePolicy } from '../../src/policy/load.js'
import { listFiles } from '../contract/source-files.js'

/*
 * An operator reads docs/operations.md when something is wrong: what it names must exist.
 */
const text = readFileSync('docs/operations.md', 'utf8')

/** What stands in code: blocks, and words between backticks. */
const code = [...text.matchAll(/```[a-z]*\n([\s\S]*?)```|`([^`\n]+)`/g)].map(([, block, words]) => block ?? words ?? '')

test('every command and option in it exists', async () => {
  const usages = new Map(
    await Promise.all(COMMANDS.map(async ({ name, load }) => [name, (await load()).usage] as const)),
  )
  const calls = code.flatMap((part) => [
    ...part.matchAll(
      /(?:^|\| |&& |-u aegis |exec aegis |-gitea-mcp (?:\\\n\s*)?|dist\/)aegis(?:\.mjs)? ([a-z]+)([^\n|>#]*)/gm,
    ),
  ])

  expect(calls.length).toBeGreaterThan(30)
  for (const [call, command = '', rest = ''] of calls) {
    const usage = usages.get(command) ?? ''
    expect(usage, call).not.toBe('')
    expect(
      [...rest.matchAll(/--[a-z-]+/g)].filter(([option]) => !usage.includes(option)),
      call,
    ).toEqual([])
  }
})

test('every setting in it exists', () => {
  const settings = new Set(Object.values(envSections).flatMap(Object.keys))
  const foreign = new Set(['ROOT_URL'])
  const words = [...text.matchAll(/`([^`\n]+)`/g)].map(([, word = '']) => word)
  const named = words.flatMap((word) => [...word.matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g)].map(([name]) => name))

  expect(named.length).toBeGreaterThan(20)
  expect(named.filter((name) => !settings.has(name) && !foreign.has(name))).toEqual([])
})

test('every metric in it is served', async () => {
  const { text: served } = await createMetrics({
    audit: { health: () => ({ ok: true }), head: () => ({ seq: 0, hash: '' }) },
    panicLevel: () => undefined,
  }).render()
  const named = new Set([...text.matchAll(/\baegis_[a-z_]+/g)].map(([name]) => name.replace(/_bucket$/, '')))

  expect(named.size).toBeGreaterThan(7)
  expect([...named].filter((name) => !served.includes(`# HELP ${name} `))).toEqual([])
})

test('every event of the log in it is written somewhere', () => {
  const [, table = ''] = /^## Logs\n([\s\S]*?)^## /m.exec(text) ?? []
  const events = [...table.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([a-z_]+)`/g)].map(([, name = '']) => name),
  )
  const sources = listFiles('src/**/*.ts', 'src/*.ts')
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')

  expect(events.length).toBeGreaterThan(10)
  expect(events.filter((event) => !sources.includes(`'${event}'`))).toEqual([])
})

test('every page title it quotes is the title of a page', () => {
  const pages = listFiles('src/pages/*.tsx')
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
  const [, table = ''] = /^## When something is wrong\n([\s\S]*?)^## /m.exec(text) ?? []
  const quoted = [
    'This server is not known to Gitea',
    'Gitea would hand over too much',
    'Gitea would hand over too little',
  ]

  for (const title of quoted) {
    expect(table).toContain(`“${title}”`)
    expect(pages).toContain(title)
  }
})

test('the policy that stops everything is a policy', () => {
  const [, snippet = ''] = /```yaml\n\s*(defaults: \{.*\})\n\s*```/.exec(text) ?? []

  const policy = parsePolicy(snippet, { file: 'policy.yaml', toolNames: ['get_me', 'create_issue'] })

  expect(policy.defaults).toMatchObject({ read: 'deny', write: 'deny' })
})

test('the Traefik lines are YAML for our service', () => {
  const snippet = [...text.matchAll(/```yaml\n(services:[\s\S]*?)```/g)][0]?.[1] ?? ''

  expect(parse(snippet)).toHaveProperty('services.aegis.labels')
})

test('links inside lead to headings', () => {
  const headings = new Set(
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    ),
  )
  const links = [...text.matchAll(/\]\(#([\w-]+)\)/g)].map(([, anchor = '']) => anchor)

  expect(links.filter((anchor) => !headings.has(anchor))).toEqual([])
})
