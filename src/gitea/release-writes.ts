import { Conflict, detailOf, Forbidden, InvalidInput, UpstreamFailed } from '../lib/errors.js'
import { parseAnswer } from './answer.js'
import type { GiteaClient } from './client.js'
import { ConnectionLost } from './exchange.js'
import { listReleases, Release } from './releases.js'
import { type RepositoryName, toName } from './repos.js'

/* Publishing releases and changing what they say. */

export interface NewRelease {
  readonly tag: string
  /** Where the tag is made if there is none; the default branch when left out. */
  readonly target: string | undefined
  readonly title: string
  readonly body: string
  readonly isDraft: boolean
  readonly isPrerelease: boolean
}

/**
 * Makes a release, and its tag where there is none and it is no draft. Look at the target first: Gitea does not look at
 * that of a draft, which can never be published then. Needs `listReleases` too.
 *
 * @throws Conflict naming the release that the tag has already, Forbidden when a rule protects the tag
 */
export async function createRelease(client: GiteaClient, name: RepositoryName, release: NewRelease): Promise<Release> {
  const { owner, repo } = name
  const { tag, target, title, body, isDraft, isPrerelease } = release
  // who asked has looked at everything else, which leaves 409 and 422 one reason each
  try {
    const answer = await client.request('createRelease', {
      path: { owner, repo },
      body: { tag_name: tag, target_commitish: target, name: title, body, draft: isDraft, prerelease: isPrerelease },
      subject: `repository ${toName(name)}`,
    })
    return parseAnswer(Release, answer)
  } catch (thrown) {
    if (thrown instanceof InvalidInput) {
      throw new Forbidden(`A rule protects tags of that name: this person may not make "${tag}".`, {
        rule: 'gitea.protected',
        ...detailOf(thrown),
      })
    }
    if (!(thrown instanceof Conflict)) throw thrown
    const { items } = await listReleases(client, { ...name, page: 1, limit: 50 })
    const existing = items.find((item) => item.tag === tag)
    const which = existing === undefined ? '' : ` with release_id=${existing.id}`
    throw new Conflict(`"${tag}" has a release already: change it by edit_release${which}.`, detailOf(thrown))
  }
}

export interface ReleaseChange {
  readonly title?: string | undefined
  readonly body?: string | undefined
  readonly isDraft?: boolean | undefined
  readonly isPrerelease?: boolean | undefined
}

/**
 * What is undefined stays, and so does a title or text that is to become empty: Gitea cannot do that. Before a draft is
 * published, look whether its target is still there.
 *
 * @throws Forbidden when it cannot be published
 */
export async function updateRelease(
  client: GiteaClient,
  args: RepositoryName & { readonly id: number },
  change: ReleaseChange,
): Promise<Release> {
  const { owner, repo, id } = args
  const { title, body, isDraft, isPrerelease } = change
  // Gitea fails instead of refusing when a rule protects the tag that it would have to make
  try {
    const answer = await client.request('updateRelease', {
      path: { owner, repo, id },
      body: { name: title, body, draft: isDraft, prerelease: isPrerelease },
      subject: `release with id ${id} in ${toName(args)}`,
    })
    return parseAnswer(Release, answer)
  } catch (thrown) {
    const isFault = thrown instanceof UpstreamFailed && !(thrown instanceof ConnectionLost)
    if (!isFault || isDraft !== false) throw thrown
    throw new Forbidden('Gitea did not publish it. Most often a rule protects tags of that name.', {
      rule: 'gitea.protected',
      ...detailOf(thrown),
    })
  }
}
