import { InvalidInput } from '../../src/lib/errors.js'
import { parsePolicy } from '../../src/policy/load.js'
import type { Policy } from '../../src/policy/policy.js'

export const TOOLS = [
  { name: 'get_me', effect: 'read' },
  { name: 'list_repositories', effect: 'read' },
  { name: 'get_repository_info', effect: 'read' },
  { name: 'get_file_tree', effect: 'read' },
  { name: 'get_file_contents', effect: 'read' },
  { name: 'list_commits', effect: 'read' },
  { name: 'get_commit_diff', effect: 'read' },
  { name: 'list_issues', effect: 'read' },
  { name: 'get_issue', effect: 'read' },
  { name: 'list_issue_comments', effect: 'read' },
  { name: 'list_pull_requests', effect: 'read' },
  { name: 'get_pull_request', effect: 'read' },
  { name: 'list_branches', effect: 'read' },
  { name: 'create_issue', effect: 'write' },
  { name: 'update_issue', effect: 'write' },
  { name: 'approve_pull_request', effect: 'write' },
] as const

export const TOOL_NAMES = TOOLS.map(({ name }) => name)

export function policyOf(text: string): Policy {
  return parsePolicy(text, { file: 'policy.yaml', toolNames: TOOL_NAMES })
}

/** The lines an operator sees for a file that is not accepted; empty when it is. */
export function problemsOf(text: string): readonly string[] {
  try {
    policyOf(text)
    return []
  } catch (error) {
    if (error instanceof InvalidInput) {
      return error.message.split('\n')
    }
    throw error
  }
}

export function repo(name: string): { owner: string; name: string } {
  const [owner = '', rest = ''] = name.split('/')
  return { owner, name: rest }
}
