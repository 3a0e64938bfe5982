/**
 * Tools that policies written for the Python original may name and this version does not have. A rule about one is
 * accepted, so that such a policy loads as it is, and decides nothing: there is nothing to call. A tool that arrives
 * here finds its rules already in force.
 */
export const TOOLS_KNOWN_ELSEWHERE: readonly string[] = [
  'compare_refs',
  'create_release',
  'edit_release',
  'get_repo_languages',
  'list_org_repositories',
  'list_organizations',
  'list_pull_request_commits',
  'list_pull_request_files',
  'list_repo_topics',
  'search_code',
]
