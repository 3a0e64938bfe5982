import { expect, it } from 'vitest'
import { decide } from '../../src/policy/decide.js'
import { explain } from '../../src/policy/explain.js'
import { policyOf, repo } from './load-text.js'

const POLICY = policyOf(`
defaults: { read: allow, write: deny }
tools:
  approve: [create_issue]
repositories:
  "acme/*":
    tools:
      allow: ["*"]
  acme/web:
    paths:
      allow: [src/]
      deny: [secrets]
`)

it('tells every rule that was looked at, in order, with its line, and which one decided', () => {
  const { lines } = explain(POLICY, {
    tool: 'get_file_contents',
    effect: 'read',
    repository: repo('acme/web'),
    path: 'src/secrets/key',
  })

  expect(lines).toEqual([
    'tools (line 3): says nothing about it',
    'repositories.acme/*.tools.allow[0] (line 8): allow: “*”',
    'repositories.acme/web.paths.deny[0] (line 12): deny',
    '→ deny by repositories.acme/web.paths.deny[0]. The policy does not show src/secrets/key in acme/web.',
  ])
})

it('tells why a glob does not open a tool that writes', () => {
  const { lines } = explain(POLICY, { tool: 'update_issue', effect: 'write', repository: repo('acme/api') })

  expect(lines).toEqual([
    'tools (line 3): says nothing about it',
    'repositories.acme/*.tools.allow[0] (line 8): “*” is a glob, and a tool that writes is opened only by its own name',
    'defaults.write: deny: no list decided',
    '→ deny by defaults.write. The policy denies tools that write unless it names them, and update_issue is not named.',
  ])
})

it('decides what the server decides', () => {
  for (const tool of ['get_issue', 'create_issue', 'nope']) {
    for (const name of ['acme/web', 'other/x', '../x']) {
      for (const path of ['src/a', 'secrets', '../x', 'README.md']) {
        const request = {
          tool,
          effect: tool === 'create_issue' ? 'write' : 'read',
          repository: repo(name),
          path,
        } as const

        expect(explain(POLICY, request).decision).toEqual(decide(POLICY, request))
      }
    }
  }
})
