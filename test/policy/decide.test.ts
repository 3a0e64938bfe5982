import { describe, expect, test } from 'vitest'
import { decide } from '../../src/policy/decide.js'
import { type DecisionRow, expectDecision, WEB } from './decision-row.js'
import { policyOf, repo } from './load-text.js'

const ROWS: readonly DecisionRow[] = [
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
    says: 'no default opens the approval of pull requests',
    policy: 'defaults: { write: allow }',
    tool: 'approve_pull_request',
    in: 'a/b',
    gets: 'deny defaults.write',
  },
  {
    says: 'no default asks for the approval of pull requests either',
    policy: 'defaults: { write: approve }',
    tool: 'approve_pull_request',
    in: 'a/b',
    gets: 'deny defaults.write',
  },
  {
    says: 'pull requests are not approved by a glob',
    policy: '{ defaults: { write: allow }, tools: { allow: ["*"] } }',
    tool: 'approve_pull_request',
    in: 'a/b',
    gets: 'deny defaults.write',
  },
  {
    says: 'pull requests are approved where a repository names that',
    policy: WEB('tools: { allow: [get_issue, approve_pull_request] }'),
    tool: 'approve_pull_request',
    in: 'acme/web',
    gets: 'allow repositories.acme/web.tools.allow[1]',
  },
  {
    says: 'naming it for one repository opens it nowhere else',
    policy: WEB('tools: { allow: [get_issue, approve_pull_request] }'),
    tool: 'approve_pull_request',
    in: 'acme/other',
    gets: 'deny defaults.write',
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
]

describe('the policy decides', () => {
  test.each(ROWS)('$says', expectDecision)

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
