import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decide, listable, mayReadPath } from '../../src/policy/decide.js'
import { policyOf, repo } from './load-text.js'

describe('for every policy', () => {
  const toolEntry = fc.constantFrom('get_issue', 'create_issue', 'get_*', '*', '*_issue', 'list_issues')
  const lists = fc.record(
    {
      allow: fc.array(toolEntry, { maxLength: 3 }),
      deny: fc.array(toolEntry, { maxLength: 2 }),
      approve: fc.array(toolEntry, { maxLength: 2 }),
    },
    { requiredKeys: [] },
  )
  const paths = fc.record(
    {
      allow: fc.array(fc.constantFrom('src/', '*', 'docs/*.md'), { maxLength: 2 }),
      deny: fc.array(fc.constantFrom('secrets', 'src/a', '*.pem'), { maxLength: 2 }),
    },
    { requiredKeys: [] },
  )
  const entry = fc.record({ tools: lists, paths }, { requiredKeys: [] })
  const file = fc.record({
    defaults: fc.record({ read: fc.constantFrom('allow', 'deny'), write: fc.constantFrom('allow', 'deny', 'approve') }),
    tools: lists,
    repositories: fc.dictionary(fc.constantFrom('acme/web', 'acme/*', '*/*', 'a*/w?b', 'other/x'), entry),
  })
  const request = fc.record({
    tool: fc.constantFrom('get_issue', 'create_issue', 'list_issues'),
    repository: fc.constantFrom('acme/web', 'acme/api', 'other/x', 'who/ever'),
    path: fc.constantFrom(undefined, 'src/a', 'src/b', 'docs/x.md', 'secrets', 'tls/k.pem'),
  })
  type Request = typeof request extends fc.Arbitrary<infer T> ? T : never
  const ask = (given: object, { tool, repository, path }: Request) =>
    decide(policyOf(JSON.stringify(given)), {
      tool,
      effect: tool === 'create_issue' ? 'write' : 'read',
      repository: repo(repository),
      ...(path === undefined ? {} : { path }),
    }).effect
  const RANK = { deny: 0, approve: 1, allow: 2 }

  it('adding a deny or an approval never gives more', () => {
    fc.assert(
      fc.property(
        file,
        request,
        toolEntry,
        fc.constantFrom('deny', 'approve' as const),
        (given, asked, added, list) => {
          // a glob for approval may open a tool that the defaults deny; everything else only narrows
          fc.pre(list === 'deny' || ask(given, asked) !== 'deny')
          const narrower = { ...given, tools: { ...given.tools, [list]: [...(given.tools[list] ?? []), added] } }

          expect(RANK[ask(narrower, asked)]).toBeLessThanOrEqual(RANK[ask(given, asked)])
        },
      ),
    )
  })

  it('no allow anywhere lifts a deny that is written', () => {
    fc.assert(
      fc.property(file, request, fc.constantFrom('acme/web', '*/*', 'acme/*'), (given, asked, key) => {
        const denied = { ...given, tools: { ...given.tools, deny: [asked.tool] } }
        const widened = {
          ...denied,
          defaults: { read: 'allow' as const, write: 'allow' as const },
          tools: { ...denied.tools, allow: ['*', asked.tool] },
          repositories: {
            ...given.repositories,
            [key]: { tools: { allow: ['*', asked.tool] }, paths: { allow: ['**'] } },
          },
        }

        expect(ask(widened, asked)).toBe('deny')
      }),
    )
  })

  it('what may be called is listed, and what is not listed may not be called', () => {
    fc.assert(
      fc.property(file, request, (given, asked) => {
        const policy = policyOf(JSON.stringify(given))
        const effect = asked.tool === 'create_issue' ? 'write' : 'read'
        const { path: _path, ...call } = asked

        if (ask(given, { ...call, path: undefined }) !== 'deny') {
          expect(listable(policy, asked.tool, effect)).toBe(true)
        }
      }),
    )
  })

  it('a path is readable only if a call on it would be', () => {
    fc.assert(
      fc.property(file, request, (given, asked) => {
        if (asked.path !== undefined && ask(given, asked) !== 'deny') {
          expect(mayReadPath(policyOf(JSON.stringify(given)), repo(asked.repository), asked.path).effect).toBe('allow')
        }
      }),
    )
  })
})
