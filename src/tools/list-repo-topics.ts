import { z } from 'zod'
import { listTopics } from '../gitea/repos.js'
import { defineTool } from './define-tool.js'
import { toOneLine } from './lines.js'
import { owner, repo } from './params.js'

export const listRepoTopics = defineTool({
  name: 'list_repo_topics',
  title: 'List topics',
  description: 'Topics of a repository.',
  effect: 'read',
  toolset: 'repositories',
  scope: 'read:repository',
  operations: ['listTopics'],
  input: z.strictObject({ owner, repo }),
  output: z.object({ topics: z.array(z.string()) }),
  async run({ owner, repo }, { gitea }) {
    return { topics: await listTopics(gitea, { owner, repo }) }
  },
  render({ topics }, { owner, repo }) {
    return `${owner}/${repo}: ${topics.length === 0 ? 'no topics' : topics.map(toOneLine).join(', ')}`
  },
})
