// Generated from the files of this folder by npm run gen.
import type { Tool } from './define-tool.js'
import { createIssue } from './create-issue.js'
import { getCommitDiff } from './get-commit-diff.js'
import { getFileContents } from './get-file-contents.js'
import { getFileTree } from './get-file-tree.js'
import { getIssue } from './get-issue.js'
import { getMe } from './get-me.js'
import { getPullRequest } from './get-pull-request.js'
import { getRepositoryInfo } from './get-repository-info.js'
import { listBranches } from './list-branches.js'
import { listCommits } from './list-commits.js'
import { listIssueComments } from './list-issue-comments.js'
import { listIssues } from './list-issues.js'
import { listPullRequests } from './list-pull-requests.js'
import { listRepositories } from './list-repositories.js'

export const catalog: readonly Tool[] = [createIssue, getCommitDiff, getFileContents, getFileTree, getIssue, getMe, getPullRequest, getRepositoryInfo, listBranches, listCommits, listIssueComments, listIssues, listPullRequests, listRepositories]
