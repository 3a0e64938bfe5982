import type { GiteaClient } from '../gitea/client.js'
import type { IssueRequest } from '../gitea/issues.js'
import type { Pull } from '../gitea/pulls.js'
import { type CreatedReview, createReview, hasDraftReview, type NewReview } from '../gitea/review-writes.js'
import { Conflict, InvalidInput } from '../lib/errors.js'
import { toStateWord } from './writable-pull.js'

/** What reviews of all kinds have in common. Needs `createReview` and `listReviews`. */
export async function sendReview(
  gitea: GiteaClient,
  request: IssueRequest,
  login: string,
  review: NewReview,
): Promise<CreatedReview> {
  if (await hasDraftReview(gitea, request, login)) {
    throw new Conflict(
      `This person has begun a review of #${request.index} in Gitea that is not sent, and this one would send it along. Finish or discard it there first.`,
    )
  }
  return createReview(gitea, request, review)
}

/**
 * Approving and requesting changes say something about a merge: not on one's own work, and not when it is over.
 *
 * @throws InvalidInput, Conflict
 */
export function requireVerdict(pull: Pull, login: string, verb: string): void {
  if (pull.author.toLowerCase() === login.toLowerCase()) {
    throw new InvalidInput(`${login} opened #${pull.number} and cannot ${verb}.`)
  }
  if (pull.state !== 'open') throw new Conflict(`#${pull.number} is ${toStateWord(pull)}: it is too late to ${verb}.`)
}
