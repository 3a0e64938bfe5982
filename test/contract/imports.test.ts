import { readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { expect, test } from 'vitest'
import { listFiles } from './source-files.js'

/** A folder may import itself and the folders listed for it; `app.ts` and `main.ts` may import everything. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  lib: [],
  config: ['lib'],
  db: ['lib'],
  gitea: ['lib'],
  policy: ['lib'],
  audit: ['db', 'lib'],
  redact: ['lib'],
  pages: ['lib'],
  oauth: ['pages', 'gitea', 'db', 'config', 'lib'],
  identity: ['oauth', 'gitea', 'policy', 'db', 'config', 'lib'],
  objects: ['gitea', 'lib'],
  search: ['objects', 'gitea', 'lib'],
  tools: ['search', 'objects', 'redact', 'gitea', 'oauth', 'lib'],
  gate: [
    'tools',
    'search',
    'objects',
    'identity',
    'oauth',
    'redact',
    'policy',
    'audit',
    'gitea',
    'db',
    'config',
    'lib',
  ],
  jobs: ['gate', 'tools', 'identity', 'policy', 'redact', 'audit', 'gitea', 'db', 'config', 'lib'],
  webhooks: ['jobs', 'gate', 'identity', 'policy', 'audit', 'gitea', 'db', 'config', 'lib'],
  mcp: ['gate', 'tools', 'identity', 'oauth', 'policy', 'audit', 'gitea', 'config', 'lib'],
  http: ['webhooks', 'jobs', 'mcp', 'oauth', 'pages', 'gate', 'identity', 'audit', 'policy', 'db', 'config', 'lib'],
}
const WIRING = new Set(['app.ts', 'app-automation.ts', 'main.ts', 'cli'])
/** A tool knows its declaration, the parameters tools share, and Gitea; never Koa, the database, the SDK or a tool. */
const TOOL_FILE = /^src\/tools\/(?!define-tool|params|catalog\.gen)[\w-]+\.ts$/

function readImports(file: string): string[] {
  const source = readFileSync(file, 'utf8')
  return [...source.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, specifier]) => specifier ?? '')
}

function toUnit(file: string): string {
  const path = relative('src', file)
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : path
}

test('a folder imports only what lies below it', () => {
  const wrong: string[] = []
  for (const file of listFiles('src/**/*.ts', 'src/**/*.tsx', 'src/*.ts')) {
    const from = toUnit(file)
    if (WIRING.has(from)) {
      continue
    }
    for (const specifier of readImports(file).filter((name) => name.startsWith('.'))) {
      const target = toUnit(normalize(join(dirname(file), specifier)))
      if (target !== from && !MAY_IMPORT[from]?.includes(target)) {
        wrong.push(`${file} imports ${specifier}: ${from} may not import ${target}`)
      }
    }
  }

  expect(wrong).toEqual([])
})

test('only commands reach the webhooks of Gitea, which can be made, changed and deleted there', () => {
  const hooks = /\/hooks?(?:-place)?\.js$/
  const reaching = listFiles('src/**/*.ts', 'src/**/*.tsx', 'src/*.ts').filter((file) =>
    readImports(file).some((specifier) => hooks.test(specifier) && /(?:gitea|\.)\/hook/.test(specifier)),
  )

  expect(reaching.filter((file) => !file.startsWith('src/cli/') && file !== 'src/gitea/hooks.ts')).toEqual([])
  expect(reaching.length).toBeGreaterThan(1)
})

test('a tool reaches Gitea and nothing else', () => {
  const wrong: string[] = []
  for (const file of listFiles('src/tools/*.ts').filter((name) => TOOL_FILE.test(name))) {
    for (const specifier of readImports(file)) {
      const isAllowed =
        specifier === 'zod' ||
        /^\.\.\/(gitea|objects|redact|search|lib)\//.test(specifier) ||
        !isTool(join(dirname(file), specifier))
      if (!isAllowed || /^(koa|better-sqlite3|drizzle|@modelcontextprotocol)/.test(specifier)) {
        wrong.push(`${file} imports ${specifier}`)
      }
    }
  }

  expect(wrong).toEqual([])
})

function isTool(path: string): boolean {
  const file = `${path.replace(/\.js$/, '')}.ts`
  return TOOL_FILE.test(file) && /^export const \w+ = defineTool\(/m.test(readFileSync(file, 'utf8'))
}
