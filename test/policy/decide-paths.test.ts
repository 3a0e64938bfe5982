import { describe, test } from 'vitest'
import { type DecisionRow, expectDecision, WEB } from './decision-row.js'

const ROWS: readonly DecisionRow[] = [
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

describe('the policy decides about a path', () => {
  test.each(ROWS)('$says', expectDecision)
})
