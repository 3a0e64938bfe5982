import type { GiteaClient } from './client.js'
import { type RepositoryName, toName } from './repos.js'

/**
 * The files of a commit as a gzipped tar, handed over as it comes. Gitea makes it with `git archive`: what
 * `.gitattributes` marks `export-ignore` is missing from it, and `export-subst` rewrites files, so it says nothing about
 * what is in the tree.
 *
 * @param args.commit a full commit id
 * @param args.maxBytes of the compressed archive
 * @throws NotFound when there is no such commit
 */
export function streamArchive<Result>(
  client: GiteaClient,
  args: RepositoryName & { readonly commit: string; readonly maxBytes: number },
  consume: (chunks: AsyncIterable<Buffer>) => Promise<Result>,
): Promise<Result> {
  const { owner, repo, commit, maxBytes } = args
  return client.stream(
    'getArchive',
    {
      path: { owner, repo, archive: `${commit}.tar.gz` },
      subject: `commit "${commit}" in ${toName(args)}`,
      maxBytes,
    },
    consume,
  )
}
