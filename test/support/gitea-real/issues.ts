/** Labels, milestones, issues, comments and pull requests in a real Gitea. */
import type { GiteaUnderTest } from '../gitea-under-test.js'
import type { RootClient } from './root-client.js'

type RealIssues = Pick<GiteaUnderTest, 'addLabel' | 'addMilestone' | 'addIssue' | 'addComment' | 'addPullRequest'>

export function createRealIssues(root: RootClient): RealIssues {
  /** Authors may lack the right to label, so the administrator does it afterwards. */
  async function putLabels(place: string, index: number, labels: readonly string[] | undefined): Promise<void> {
    if (labels?.length) await root.send('PUT', `${place}/issues/${index}/labels`, { labels })
  }

  async function findMilestone(place: string, title: string): Promise<number> {
    const milestones = await root.list(`${place}/milestones?state=all`)
    const found = milestones.find((milestone) => milestone.text('title') === title)
    if (!found) throw new Error(`${place} has no milestone ${title}`)
    return found.number('id')
  }

  return {
    async addLabel({ owner, repo, name, color, description }) {
      const body = { name, color: `#${color}`, description: description ?? '' }
      await root.send('POST', `${repo === undefined ? `/orgs/${owner}` : `/repos/${owner}/${repo}`}/labels`, body)
    },
    async addMilestone({ owner, repo, title, description, dueOn, closed }) {
      await root.send('POST', `/repos/${owner}/${repo}/milestones`, {
        title,
        description: description ?? '',
        ...(dueOn === undefined ? {} : { due_on: `${dueOn}T00:00:00Z` }),
        state: closed ? 'closed' : 'open',
      })
    },
    async addIssue({ owner, repo, author, title, body, labels, assignees, milestone, closed }) {
      const place = `/repos/${owner}/${repo}`
      const issue = await root.send('POST', `${place}/issues`, { title, body: body ?? '' }, author)
      const index = issue.number('number')
      await putLabels(place, index, labels)
      const edit = {
        ...(assignees?.length ? { assignees } : {}),
        ...(milestone === undefined ? {} : { milestone: await findMilestone(place, milestone) }),
        ...(closed ? { state: 'closed' } : {}),
      }
      if (Object.keys(edit).length > 0) await root.send('PATCH', `${place}/issues/${index}`, edit)
      return index
    },
    async addComment({ owner, repo, index, author, body }) {
      await root.send('POST', `/repos/${owner}/${repo}/issues/${index}/comments`, { body }, author)
    },
    async addPullRequest({ owner, repo, author, title, body, head, base, labels, reviewers }) {
      const place = `/repos/${owner}/${repo}`
      const wanted = { title, body: body ?? '', head, base: base ?? 'main' }
      const pull = await root.send('POST', `${place}/pulls`, wanted, author)
      const index = pull.number('number')
      await putLabels(place, index, labels)
      if (reviewers?.length)
        await root.send('POST', `${place}/pulls/${index}/requested_reviewers`, { reviewers }, author)
      return index
    },
  }
}
