import type { AuditActor, InvocationOutcome, PendingInvocation } from '../../src/audit/record.js'

export const alice: AuditActor = {
  account: 'gitea:2',
  login: 'alice',
  client: 'c1',
  client_name: 'Claude Code — é\u2028“quoted”',
  token_hint: 'ab12cd34',
  ip: '127.0.0.1',
}

export function pendingCall(call: string, overrides: Partial<PendingInvocation> = {}): PendingInvocation {
  return {
    type: 'tool_invocation',
    status: 'pending',
    call,
    request_id: `request-${call}`,
    actor: alice,
    via: 'mcp',
    tool: 'get_file_contents',
    target: { repository: 'octo/widgets', path: 'src/größe.ts', ref: 'main' },
    arguments: { owner: 'octo', repo: 'widgets', filepath: 'src/größe.ts' },
    decision: { effect: 'allow', rule: 'defaults.read', reason: 'Reading is allowed.' },
    ...overrides,
  }
}

export function callOutcome(call: string, overrides: Partial<InvocationOutcome> = {}): InvocationOutcome {
  return {
    type: 'tool_invocation',
    status: 'success',
    call,
    request_id: `request-${call}`,
    actor: alice,
    tool: 'get_file_contents',
    target: { repository: 'octo/widgets' },
    outcome: { bytes: 512, masked: 0, upstream_calls: 1, duration_ms: 4 },
    ...overrides,
  }
}
