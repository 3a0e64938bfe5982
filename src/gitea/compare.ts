import { z } from 'zod'
import { InvalidInput } from '../lib/errors.js'
import { AnswerTooLarge, parseAnswer } from './answer.js'
import type { GiteaClient } from './client.js'
import { Commit } from './git.js'
import { type RepositoryName, toName } from './repos.js'

const Comparison = z.object({ commits: z.array(Commit).nullable() })

/**
 * The commits that `head` has and `base` has not, newest first, all of them. Gitea asks for the right to read pull
 * requests too.
 *
 * @throws NotFound when one of the two, or that right, is missing
 * @throws InvalidInput when there are too many for one answer
 */
export async function listCommitsBetween(
  client: GiteaClient,
  args: RepositoryName & { readonly base: string; readonly head: string },
): Promise<readonly Commit[]> {
  const { owner, repo, base, head } = args
  // too many has no other sign
  try {
    const answer = await client.request('compareRefs', {
      path: { owner, repo, basehead: `${base}...${head}` },
      query: { verification: false, files: false },
      subject: `comparison of ${base} and ${head} in ${toName(args)}`,
    })
    return parseAnswer(Comparison, answer).commits ?? []
  } catch (thrown) {
    if (!(thrown instanceof AnswerTooLarge)) throw thrown
    throw new InvalidInput(
      'There are more commits between the two than one answer of Gitea holds. Compare closer ones.',
    )
  }
}
