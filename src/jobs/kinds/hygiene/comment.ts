import { z } from 'zod'
import { sha256Hex } from '../../../lib/crypto.js'
import type { JobContext } from '../../define-job.js'
import { next, readPages } from '../../read-pages.js'
import { toMarker } from '../markers.js'
import type { Problem } from './checks.js'

/* The one comment on a pull request, known by its mark and its author. */

interface Said {
  readonly job: string
  readonly number: number
  readonly problems: readonly Problem[]
}

const Comments = z.object({
  comments: z.array(z.object({ id: z.int(), author: z.string(), body: z.string() })),
  next,
})
type Comment = z.output<typeof Comments>['comments'][number]

/**
 * Says what is missing; where nothing is, only if something was before. What is said already is not written again.
 *
 * @throws ToolRefused
 */
export async function syncComment<Parameters>(context: JobContext<Parameters>, said: Said): Promise<void> {
  const { id, repository, change } = context
  const { job, number, problems } = said
  const marker = toMarker(job, `#${number}`)
  const text = render(problems)
  // the text as Gitea gives it back may be masked or have other line ends, so a digest tells whether it is the same
  const digest = toDigest(text)
  const body = `${text}\n\n${marker}${digest}\n`
  const known = await findComment(context, number, marker)
  const key = `${job}:${repository.owner}/${repository.repo}#${number}:comment:${id}`.toLowerCase()
  if (known === undefined && problems.length > 0) {
    await change({
      key,
      tool: 'create_pr_comment',
      args: { ...repository, pull_number: number, body },
      what: `comment on #${number}: ${problems.length} to look at`,
      find: async () => {
        const found = await findComment(context, number, marker)
        return found === undefined ? undefined : { id: found.id }
      },
    })
  } else if (known !== undefined && !known.body.includes(digest)) {
    await change({
      key,
      tool: 'edit_issue_comment',
      args: { ...repository, comment_id: known.id, body },
      what: `edit the comment on #${number}: ${problems.length === 0 ? 'nothing is missing' : `${problems.length} to look at`}`,
    })
  }
}

function toDigest(text: string): string {
  return `<!-- aegis:content:${sha256Hex(text).slice(0, 32)} -->`
}

function render(problems: readonly Problem[]): string {
  if (problems.length === 0) {
    return '**Nothing is missing any more.** Thank you.'
  }
  return [
    '**Before this is reviewed:**',
    problems.map(({ text }) => `- ${text}`).join('\n'),
    'This comment follows the pull request: it changes when the title, the description or the commits do.',
  ].join('\n\n')
}

async function findComment<Parameters>(
  context: JobContext<Parameters>,
  number: number,
  marker: string,
): Promise<Comment | undefined> {
  const login = context.login.toLowerCase()
  for await (const { comments } of readPages(context, 'list_issue_comments', { issue_number: number }, Comments)) {
    const own = comments.find(({ author, body }) => author.toLowerCase() === login && body.includes(marker))
    if (own !== undefined) return own
  }
  return undefined
}
