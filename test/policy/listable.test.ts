import { describe, expect, it } from 'vitest'
import { listable, repositoryVisible } from '../../src/policy/decide.js'
import { WEB } from './decision-row.js'
import { policyOf, repo, TOOLS } from './load-text.js'

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
