import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { decide, listable, mayReadPath, repositoryVisible } from '../../src/policy/decide.js'
import { policyOf, repo, TOOLS } from './load-text.js'

interface Row {
  readonly says: string
  readonly policy: string
  readonly tool: string
  readonly in?: string
  readonly path?: string
  readonly gets: string
}

const WEB = (rules: string) => `repositories: { acme/web: { ${rules} } }`

/** Each row is a sentence of docs/policy.md. */
const ROWS: readonly Row[] = [
  { says: 'reads are allowed by default', policy: '{}', tool: 'get_issue', in: 'a/b', gets: 'allow defaults.read' },
  { says: 'writes are denied by default', policy: '{}', tool: 'create_issue', in: 'a/b', gets: 'deny defaults.write' },
  {
    says: 'the defaults decide what no list names',
    policy: 'defaults: { read: deny, write: approve }',
    tool: 'create_issue',
    in: 'a/b',
    gets: 'approve defaults.write',
  },
  {
    says: 'a global allow opens a tool that the defaults keep closed',
    policy: '{ defaults: { read: deny }, tools: { allow: [get_issue] } }',
    tool: 'get_issue',
    in: 'a/b',
    gets: 'allow tools.allow[0]',
  },
  {
    says: 'the global allow list is no full list: others stay with the defaults',
    policy: 'tools: { allow: [get_issue] }',
    tool: 'list_issues',
    in: 'a/b',
    gets: 'allow defaults.read',
  },
  {
    says: 'deny beats approve and allow',
    policy: 'tools: { allow: [get_issue], approve: [get_issue], deny: ["get_*"] }',
    tool: 'get_issue',
    in: 'a/b',
    gets: 'deny tools.deny[0]',
  },
  {
    says: 'approve beats allow',
    policy: 'tools: { allow: [get_issue], approve: ["*_issue"] }',
    tool: 'get_issue',
    in: 'a/b',
    gets: 'approve tools.approve[0]',
  },
  {
    says: 'an allow lifts the default approval',
    policy: '{ defaults: { write: approve }, tools: { allow: [create_issue] } }',
    tool: 'create_issue',
    in: 'a/b',
    gets: 'allow tools.allow[0]',
  },
  {
    says: 'a repository never lifts a global deny',
    policy: '{ tools: { deny: [get_issue] }, repositories: { acme/web: { tools: { allow: [get_issue] } } } }',
    tool: 'get_issue',
    in: 'acme/web',
    gets: 'deny tools.deny[0]',
  },
  {
    says: 'a repository never lifts a global approve',
    policy: '{ tools: { approve: [get_issue] }, repositories: { acme/web: { tools: { allow: [get_issue] } } } }',
    tool: 'get_issue',
    in: 'acme/web',
    gets: 'approve tools.approve[0]',
  },
  {
    says: 'a repository opens what the defaults keep closed',
    policy: WEB('tools: { allow: [create_issue] }'),
    tool: 'create_issue',
    in: 'acme/web',
    gets: 'allow repositories.acme/web.tools.allow[0]',
  },
  {
    says: 'and only there',
    policy: WEB('tools: { allow: [create_issue] }'),
    tool: 'create_issue',
    in: 'acme/other',
    gets: 'deny defaults.write',
  },
  {
    says: "a repository's allow list is the full list of tools there",
    policy: WEB('tools: { allow: [get_issue] }'),
    tool: 'list_issues',
    in: 'acme/web',
    gets: 'deny repositories.acme/web.tools.allow',
  },
  {
    says: 'even an empty one',
    policy: WEB('tools: { allow: [] }'),
    tool: 'list_issues',
    in: 'acme/web',
    gets: 'deny repositories.acme/web.tools.allow',
  },
  {
    says: 'not even a global allow adds to it',
    policy: '{ tools: { allow: [list_issues] }, repositories: { acme/web: { tools: { allow: [get_issue] } } } }',
    tool: 'list_issues',
    in: 'acme/web',
    gets: 'deny repositories.acme/web.tools.allow',
  },
  {
    says: 'a tool in its approve list counts as listed',
    policy: WEB('tools: { allow: [get_issue], approve: [create_issue] }'),
    tool: 'create_issue',
    in: 'acme/web',
    gets: 'approve repositories.acme/web.tools.approve[0]',
  },
  {
    says: 'a repository with only a deny list leaves the rest to the defaults',
    policy: WEB('tools: { deny: [get_issue] }'),
    tool: 'list_issues',
    in: 'acme/web',
    gets: 'allow defaults.read',
  },
  {
    says: 'names of repositories compare without case',
    policy: 'repositories: { Acme/Web: { tools: { deny: [get_issue] } } }',
    tool: 'get_issue',
    in: 'aCME/wEB',
    gets: 'deny repositories.Acme/Web.tools.deny[0]',
  },
  {
    says: 'every entry that matches must agree: the wide one denies',
    policy:
      'repositories: { acme/web: { tools: { allow: [create_issue] } }, "acme/*": { tools: { allow: [get_issue] } } }',
    tool: 'create_issue',
    in: 'acme/web',
    gets: 'deny repositories.acme/*.tools.allow',
  },
  {
    says: 'every entry that matches must agree: the narrow one denies',
    policy: 'repositories: { "acme/*": { tools: { allow: ["*"] } }, acme/web: { tools: { deny: [get_issue] } } }',
    tool: 'get_issue',
    in: 'acme/web',
    gets: 'deny repositories.acme/web.tools.deny[0]',
  },
  {
    says: 'of approve and allow the stricter counts',
    policy:
      'repositories: { "acme/*": { tools: { approve: [create_issue] } }, acme/web: { tools: { allow: [create_issue] } } }',
    tool: 'create_issue',
    in: 'acme/web',
    gets: 'approve repositories.acme/*.tools.approve[0]',
  },
  {
    says: 'a glob opens tools that read',
    policy: '{ defaults: { read: deny }, tools: { allow: ["get_*"] } }',
    tool: 'get_issue',
    in: 'a/b',
    gets: 'allow tools.allow[0]',
  },
  {
    says: 'a glob does not open a tool that writes',
    policy: 'tools: { allow: ["*"] }',
    tool: 'create_issue',
    in: 'a/b',
    gets: 'deny defaults.write',
  },
  {
    says: 'nor does it close one that the defaults leave open',
    policy: '{ defaults: { write: allow }, repositories: { acme/web: { tools: { allow: ["*"] } } } }',
    tool: 'create_issue',
    in: 'acme/web',
    gets: 'allow defaults.write',
  },
  {
    says: 'its own name opens it, wherever the glob stands',
    policy: 'tools: { allow: ["*", create_issue] }',
    tool: 'create_issue',
    in: 'a/b',
    gets: 'allow tools.allow[1]',
  },
  {
    says: 'a glob for approval opens it, since every call is asked about',
    policy: 'tools: { approve: ["*_issue"] }',
    tool: 'create_issue',
    in: 'a/b',
    gets: 'approve tools.approve[0]',
  },
  { says: 'a tool nobody knows is denied', policy: '{}', tool: 'merge_pull_request', in: 'a/b', gets: 'deny tools' },
  {
    says: 'names of tools compare without case',
    policy: 'tools: { deny: [GET_ME] }',
    tool: 'get_me',
    gets: 'deny tools.deny[0]',
  },
  {
    says: 'a call without a repository asks the global rules',
    policy: WEB('tools: { deny: [get_me] }'),
    tool: 'get_me',
    gets: 'allow defaults.read',
  },
  {
    says: 'a path that no rule names is shown',
    policy: '{}',
    tool: 'get_file_contents',
    in: 'a/b',
    path: 'x/y.ts',
    gets: 'allow defaults.read',
  },
  {
    says: 'a path deny wins over a path allow',
    policy: WEB('paths: { allow: ["src/*"], deny: ["src/secrets/*"] }'),
    tool: 'get_file_contents',
    in: 'acme/web',
    path: 'src/secrets/key.txt',
    gets: 'deny repositories.acme/web.paths.deny[0]',
  },
  {
    says: 'a path allow list closes everything else',
    policy: WEB('paths: { allow: [src/] }'),
    tool: 'get_file_contents',
    in: 'acme/web',
    path: 'README.md',
    gets: 'deny repositories.acme/web.paths.allow',
  },
  {
    says: 'a path rule does not open a tool',
    policy: '{ defaults: { read: deny }, repositories: { acme/web: { paths: { allow: [src/] } } } }',
    tool: 'get_file_contents',
    in: 'acme/web',
    path: 'src/a.ts',
    gets: 'deny defaults.read',
  },
  {
    says: 'path rules of every entry that matches must agree',
    policy: 'repositories: { acme/web: { paths: { allow: [src/] } }, "*/*": { paths: { deny: ["*.pem"] } } }',
    tool: 'get_file_contents',
    in: 'acme/web',
    path: 'src/tls/a.pem',
    gets: 'deny repositories.*/*.paths.deny[0]',
  },
  {
    says: 'the root can always be listed; its entries are asked for one by one',
    policy: WEB('paths: { allow: [src/], deny: ["*"] }'),
    tool: 'get_file_tree',
    in: 'acme/web',
    path: '',
    gets: 'allow defaults.read',
  },
  {
    says: 'a path that climbs is refused even where no path rule is',
    policy: '{}',
    tool: 'get_file_contents',
    in: 'a/b',
    path: 'x/../../y',
    gets: 'deny path',
  },
]

describe('the policy decides', () => {
  test.each(ROWS)('$says', ({ policy, tool, in: repository, path, gets }) => {
    const effect = TOOLS.find(({ name }) => name === tool)?.effect ?? 'read'

    const decision = decide(policyOf(policy), {
      tool,
      effect,
      ...(repository === undefined ? {} : { repository: repo(repository) }),
      ...(path === undefined ? {} : { path }),
    })

    expect(`${decision.effect} ${decision.rule}`).toBe(gets)
    expect(decision.reason).toMatch(/^[A-Z].*\.$/)
  })

  test.each([
    'a/..',
    'a/.',
    'a/-',
    'a/b.git',
    'a/b.WIKI',
    'a/b c',
    'a/b%2fc',
    'a/ｂ',
    '../b',
    'a/b\u0000',
    'a/',
    '/b',
    'a/x..y',
  ])('denies the repository %j, which Gitea cannot have', (name) => {
    expect(decide(policyOf('{}'), { tool: 'get_issue', effect: 'read', repository: repo(name) })).toMatchObject({
      effect: 'deny',
      rule: 'repository',
    })
  })
})

describe('what is listed', () => {
  const lists = (policy: string, tool: string, takesRepository?: boolean) =>
    listable(policyOf(policy), tool, TOOLS.find(({ name }) => name === tool)?.effect ?? 'read', takesRepository)

  it('leaves out a tool that is denied everywhere', () => {
    expect(lists('tools: { deny: [get_issue] }', 'get_issue')).toBe(false)
    expect(lists('{}', 'create_issue')).toBe(false)
    expect(lists('repositories: { "*/*": { tools: { deny: [get_issue] } } }', 'get_issue')).toBe(false)
    expect(lists('{}', 'no_such_tool')).toBe(false)
  })

  it('keeps a tool that some repository allows', () => {
    expect(lists(WEB('tools: { allow: [create_issue] }'), 'create_issue')).toBe(true)
    expect(lists('repositories: { "acme/*": { tools: { approve: [create_issue] } } }', 'create_issue')).toBe(true)
    expect(
      lists(
        'repositories: { "a?/w*": { tools: { allow: [create_issue] } }, b/c: { tools: { deny: [create_issue] } } }',
        'create_issue',
      ),
    ).toBe(true)
    expect(lists(WEB('tools: { deny: [get_issue] }'), 'get_issue')).toBe(true)
  })

  it('leaves out a tool whose only repository another entry closes', () => {
    const policy =
      'repositories: { acme/web: { tools: { allow: [create_issue] } }, "acme/*": { tools: { deny: [create_issue] } } }'

    expect(lists(policy, 'create_issue')).toBe(false)
  })

  it('asks only the global rules for tools that are not about a repository', () => {
    const policy = '{ defaults: { read: deny }, repositories: { "*/*": { tools: { allow: ["*"] } } } }'

    expect(lists(policy, 'get_me', false)).toBe(false)
    expect(lists(policy, 'get_issue')).toBe(true)
  })

  it('shows in lists of repositories only those where the tool may run', () => {
    const policy = policyOf(
      '{ tools: { approve: [list_issues] }, repositories: { acme/web: { tools: { deny: [list_repositories] } }, acme/api: { tools: { approve: [list_repositories] } } } }',
    )

    expect(repositoryVisible(policy, 'list_repositories', 'read', repo('acme/web'))).toBe(false)
    expect(repositoryVisible(policy, 'list_repositories', 'read', repo('acme/api'))).toBe(false)
    expect(repositoryVisible(policy, 'list_repositories', 'read', repo('acme/other'))).toBe(true)
    expect(repositoryVisible(policy, 'list_issues', 'read', repo('acme/other'))).toBe(true)
  })
})

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
