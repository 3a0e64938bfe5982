import { expect, test } from 'vitest'
import { operations } from '../../src/gitea/operations.js'
import { catalog } from '../../src/tools/catalog.gen.js'

const all = Object.entries(operations)

/** Paths under which any write changes code, rights or settings, whatever the method (Gitea's swagger). */
const NEVER_WRITTEN = [
  '/merge',
  '/contents',
  '/contents-ext',
  '/file-contents',
  '/diffpatch',
  '/admin',
  '/hooks',
  '/keys',
  '/gpg_keys',
  '/collaborators',
  '/branch_protections',
  '/tag_protections',
  '/teams',
  '/transfer',
  '/mirror-sync',
  '/push_mirrors',
  '/secrets',
  '/variables',
  '/tokens',
  '/applications',
  '/runners',
  '/dispatches',
  '/update',
  '/emails',
  '/members',
]

/** Reads that would hand out secrets or rights. */
const NEVER_READ = ['/admin', '/tokens', '/secrets', '/hooks', '/keys', '/applications', '/runners', '/sudo']

test.each(all)('%s neither deletes nor replaces', (_name, operation) => {
  expect(['GET', 'POST', 'PATCH']).toContain(operation.method)
})

test.each(all)('%s only reads when it is called a read', (_name, operation) => {
  expect(operation.method === 'GET').toBe(operation.kind === 'read')
})

test.each(all.filter(([, { kind }]) => kind !== 'read'))(
  '%s does not touch code, rights or settings',
  (_name, { path }) => {
    expect(NEVER_WRITTEN.filter((part) => `${path}/`.includes(`${part}/`))).toEqual([])
    // changing a repository or an organisation itself is administration
    expect(path).not.toMatch(/^\/(repos\/\{owner\}\/\{repo\}|orgs\/\{org\}|user)$/)
  },
)

test.each(all)('%s reads no secrets', (_name, { path }) => {
  expect(NEVER_READ.filter((part) => path.includes(part))).toEqual([])
})

test('nothing is allowed that no tool needs', () => {
  const needed = new Set<string>(catalog.flatMap((tool) => tool.operations))

  expect(all.map(([name]) => name).filter((name) => !needed.has(name))).toEqual([])
})

test('all that can be changed at Gitea is this', () => {
  expect(
    all.filter(([, { kind }]) => kind !== 'read').map(([name, { method, path }]) => `${name}: ${method} ${path}`),
  ).toMatchInlineSnapshot(`
      [
        "createIssue: POST /repos/{owner}/{repo}/issues",
      ]
    `)
})
