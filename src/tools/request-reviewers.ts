import { z } from 'zod'
import { requestReviewers as askFor } from '../gitea/review-writes.js'
import { Conflict, InvalidInput } from '../lib/errors.js'
import { defineTool } from './define-tool.js'
import { toText } from './lines.js'
import { issueNumber, owner, repo } from './params.js'
import { getWritablePull, toStateWord } from './writable-pull.js'

export const requestReviewers = defineTool({
  name: 'request_reviewers',
  title: 'Request reviewers',
  description: 'Asks people to review a pull request.',
  effect: 'update',
  toolset: 'pulls',
  scope: 'write:repository',
  operations: ['requestReviewers', 'getPullRequest', 'getUser'],
  input: z.strictObject({
    owner,
    repo,
    pull_number: issueNumber,
    reviewers: z.array(owner).min(1).max(20).meta({ minItems: undefined, maxItems: undefined }),
  }),
  output: z.object({
    number: z.number(),
    requested: z.array(z.string()),
    already: z.array(z.string()),
    url: z.string(),
  }),
  async run({ owner, repo, pull_number, reviewers }, { gitea }) {
    const request = { owner, repo, index: pull_number }
    const pull = await getWritablePull(gitea, request)
    if (pull.state !== 'open') {
      throw new Conflict(`#${pull_number} is ${toStateWord(pull)}: nobody can be asked to review it.`)
    }
    const wanted = [...new Set(reviewers.map((login) => login.toLowerCase()))]
    if (wanted.includes(pull.author.toLowerCase())) {
      throw new InvalidInput(`${pull.author} wrote #${pull_number} and cannot review it.`)
    }
    const requested = await askFor(gitea, request, wanted)
    const asked = new Set(requested.map((login) => login.toLowerCase()))
    const already = wanted.filter((login) => !asked.has(login))
    return { number: pull_number, requested, already, url: pull.url }
  },
  render({ number, requested, already, url }, { owner, repo }) {
    const name = `${owner}/${repo}#${number}`
    return toText([
      requested.length === 0 ? '' : `Asked ${requested.join(', ')} to review ${name}`,
      already.length === 0 ? '' : `Asked before to review ${name}: ${already.join(', ')}`,
      url,
    ])
  },
})
