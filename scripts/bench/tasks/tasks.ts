import type { ToolCall } from '../requests.js'
import { LONG_FILE, SMALL_FILE, SYMBOL, WIDE_FOLDER, type Workshop, workshop } from './seed-workshop.js'

export interface Task {
  readonly name: string
  readonly calls: readonly ToolCall[]
  /** What the answer must hold for the task to count as done. */
  readonly expects: string
  /** One of the ten that other Gitea servers can do at all. */
  readonly compared: boolean
}

/** Twelve things that people ask an assistant about a repository every day. */
export function toTasks({ issue, pull, run, job }: Workshop): Task[] {
  const call = (tool: string, args: Readonly<Record<string, unknown>> = {}): ToolCall => ({
    tool,
    args: { ...workshop, ...args },
  })
  const compared = true
  return [
    {
      name: 'who am I and my repositories',
      calls: [
        { tool: 'get_me', args: {} },
        { tool: 'list_repositories', args: {} },
      ],
      expects: 'harbor/workshop',
      compared,
    },
    { name: 'the tree of 450 files', calls: [call('get_file_tree', { recursive: true })], expects: 'rules', compared },
    {
      name: 'a folder of 130 files',
      calls: [call('get_file_tree', { path: WIDE_FOLDER })],
      expects: '.svg',
      compared,
    },
    { name: 'a small file', calls: [call('get_file_contents', { filepath: SMALL_FILE })], expects: SYMBOL, compared },
    {
      name: '60 lines of a 3,000-line file',
      calls: [call('get_file_contents', { filepath: LONG_FILE, start_line: 1200, end_line: 1259 })],
      expects: 'crossing1230',
      compared,
    },
    { name: '30 commits', calls: [call('list_commits', { limit: 30 })], expects: 'note 40', compared },
    { name: '30 open issues', calls: [call('list_issues', { limit: 30 })], expects: 'does not close', compared },
    {
      name: 'one issue with 20 comments',
      calls: [call('get_issue', { issue_number: issue }), call('list_issue_comments', { issue_number: issue })],
      expects: '20 times a day',
      compared,
    },
    {
      name: 'a pull request with its files',
      calls: [call('get_pull_request', { pull_number: pull })],
      expects: 'season.test.ts',
      compared,
    },
    {
      name: 'one file of its diff',
      calls: [call('get_pull_request', { pull_number: pull, path: SMALL_FILE })],
      expects: '0.75',
      compared,
    },
    {
      name: 'find a symbol in the code',
      calls: [call('search_code', { query: SYMBOL })],
      expects: SMALL_FILE,
      compared: false,
    },
    {
      name: "the failing step's log",
      calls: [call('list_actions_jobs', { run_id: run }), call('get_job_log', { job_id: job })],
      expects: 'expected 80 to be 75',
      compared: false,
    },
  ]
}
