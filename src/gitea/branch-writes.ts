import { z } from 'zod'
import { Conflict, detailOf, Forbidden, UpstreamFailed } from '../lib/errors.js'
import { parseAnswer } from './answer.js'
import type { GiteaClient } from './client.js'
import { ConnectionLost } from './exchange.js'
import { type RepositoryName, toName } from './repos.js'

const NewBranch = z
  .object({ name: z.string(), protected: z.boolean(), commit: z.object({ id: z.string(), url: z.string() }) })
  .transform(({ name, protected: isProtected, commit }) => ({
    name,
    isProtected,
    sha: commit.id,
    // a branch has no address of its own in the answer, and its commit's is below the same repository
    url: commit.url.replace(/\/commit\/[0-9a-f]+$/, `/src/branch/${name.split('/').map(encodeURIComponent).join('/')}`),
  }))
export type NewBranch = z.output<typeof NewBranch>

/**
 * Makes a branch at a commit that exists: Gitea answers an unknown one with a fault of its own.
 *
 * @param from full commit id; the default branch's when left out
 * @throws Conflict when a branch or tag is in the way, Forbidden when a protection rule is
 */
export async function createBranch(
  client: GiteaClient,
  name: RepositoryName,
  { branch, from }: { readonly branch: string; readonly from: string | undefined },
): Promise<NewBranch> {
  const { owner, repo } = name
  // Gitea fails instead of refusing when a rule keeps this person from pushing
  try {
    const answer = await client.request('createBranch', {
      path: { owner, repo },
      body: { new_branch_name: branch, old_ref_name: from },
      subject: `repository ${toName(name)} with commits`,
    })
    return parseAnswer(NewBranch, answer)
  } catch (thrown) {
    if (thrown instanceof Conflict) {
      throw new Conflict(
        `There is a branch or tag "${branch}" in ${toName(name)} already, or one that its name would lie in.`,
        detailOf(thrown),
      )
    }
    if (!(thrown instanceof UpstreamFailed) || thrown instanceof ConnectionLost) throw thrown
    throw new Forbidden(
      `Gitea did not make the branch "${branch}". Most often a branch protection rule matches that name: choose another.`,
      { rule: 'gitea.protected', ...detailOf(thrown) },
    )
  }
}
