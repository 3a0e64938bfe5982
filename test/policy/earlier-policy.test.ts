import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { decide } from '../../src/policy/decide.js'
import { loadPolicy } from '../../src/policy/load.js'
import { catalog } from '../../src/tools/catalog.gen.js'
import { createTempFolder } from '../support/temp-folder.js'

const TOOLS = { toolNames: catalog.map(({ name }) => name) }

function writePolicy(text: string): string {
  const path = join(createTempFolder(), 'policy.yaml')
  writeFileSync(path, text)
  return path
}

test('a policy written for the Python original loads as it is', () => {
  const path = writePolicy(`
defaults: { read: allow, write: deny }
tools:
  deny: [search_code]
repositories:
  acme/service-a:
    tools: { allow: [get_file_contents, list_commits] }
    paths: { allow: [src/*], deny: [src/secrets/*] }
`)

  const policy = loadPolicy(path, TOOLS)

  const repository = { owner: 'acme', name: 'service-a' }
  const read = (name: string) =>
    decide(policy, { tool: 'get_file_contents', effect: 'read', repository, path: name }).effect
  expect([read('src/app.ts'), read('src/secrets/key'), read('README.md')]).toEqual(['allow', 'deny', 'deny'])
  expect(decide(policy, { tool: 'list_issues', effect: 'read', repository }).effect).toBe('deny')
})

test('every tool of the Python original is here under its name', () => {
  const reference = [
    ...'list_repositories get_repository_info get_file_tree get_file_contents search_code list_commits'.split(' '),
    ...'get_commit_diff compare_refs list_issues get_issue list_pull_requests get_pull_request list_labels'.split(' '),
    ...'list_tags list_releases list_pull_request_files list_pull_request_commits list_issue_comments'.split(' '),
    ...'list_branches get_branch get_release get_latest_release list_milestones get_commit_status'.split(' '),
    ...'list_org_repositories list_organizations get_repo_languages list_repo_topics create_issue'.split(' '),
    ...'update_issue create_issue_comment create_pr_comment add_labels remove_labels assign_issue'.split(' '),
    ...'create_label update_label create_pull_request create_release edit_release create_branch'.split(' '),
    ...'create_milestone edit_issue_comment'.split(' '),
  ]

  expect(reference).toHaveLength(43)
  expect(reference.filter((name) => !TOOLS.toolNames.includes(name))).toEqual([])
})

test('a misspelt tool is still an error', () => {
  const path = writePolicy('defaults: { read: allow, write: deny }\ntools:\n  deny: [serch_code]\n')

  expect(() => loadPolicy(path, TOOLS)).toThrow(/:3:\d+: .*search_code/s)
})
