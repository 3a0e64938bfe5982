/** Protecting branches, as far as reading a branch tells of it: pushes and merges are not judged by it here. */
import { type Api, needsRepositoryAdmin, needsToken, needsUnarchived } from '../api.js'
import { type Fields, findFlag, findList, findNumber, findText, readFields } from '../body.js'
import { type RepositoryRequest, refuseWith } from '../exchange.js'
import { toTime } from '../present/user.js'
import { json, type Reply } from '../reply.js'
import type { BranchProtection } from '../state-activity.js'

function readProtection(request: RepositoryRequest, fields: Fields): BranchProtection {
  const contexts = findList(request, fields, 'status_check_contexts')
  return {
    rule: findText(request, fields, 'rule_name') ?? '',
    mayPush: findFlag(request, fields, 'enable_push') ?? false,
    requiredApprovals: findNumber(request, fields, 'required_approvals') ?? 0,
    checksStatus: findFlag(request, fields, 'enable_status_check') ?? false,
    contexts: contexts === undefined ? null : contexts.map(String),
  }
}

function createProtection(request: RepositoryRequest): Reply {
  const { instance, repository } = request
  const protection = readProtection(request, readFields(request))
  if (protection.rule === '') refuseWith(request, 400, 'both rule_name and branch_name are empty')
  if (repository.protections.some(({ rule }) => rule === protection.rule)) {
    refuseWith(request, 403, 'Branch protection already exist')
  }
  repository.protections.push(protection)
  const now = toTime(instance.clock.now())
  return json(201, {
    branch_name: /[*?]/.test(protection.rule) ? '' : protection.rule,
    rule_name: protection.rule,
    priority: repository.protections.length,
    enable_push: protection.mayPush,
    enable_push_whitelist: false,
    push_whitelist_usernames: [],
    push_whitelist_teams: [],
    push_whitelist_deploy_keys: false,
    enable_force_push: false,
    enable_force_push_allowlist: false,
    force_push_allowlist_usernames: [],
    force_push_allowlist_teams: [],
    force_push_allowlist_deploy_keys: false,
    enable_merge_whitelist: false,
    merge_whitelist_usernames: [],
    merge_whitelist_teams: [],
    enable_status_check: protection.checksStatus,
    status_check_contexts: protection.contexts,
    required_approvals: protection.requiredApprovals,
    enable_approvals_whitelist: false,
    approvals_whitelist_username: [],
    approvals_whitelist_teams: [],
    block_on_rejected_reviews: false,
    block_on_official_review_requests: false,
    block_on_outdated_branch: false,
    dismiss_stale_approvals: false,
    ignore_stale_approvals: false,
    require_signed_commits: false,
    protected_file_patterns: '',
    unprotected_file_patterns: '',
    block_admin_merge_override: false,
    created_at: now,
    updated_at: now,
  })
}

export function addBranchProtectionRoutes(api: Api): void {
  const guards = [needsToken, needsRepositoryAdmin, needsUnarchived]
  api.repository('POST', '/branch_protections', 'repository', guards, createProtection)
}
