import { z } from 'zod'
import { NotFound } from '../lib/errors.js'
import { parseAnswer } from './answer.js'
import type { GiteaClient } from './client.js'
import { getRepository, type Page, type PageRequest, type RepositoryName, toName, toPage } from './repos.js'

const PageFields = z.object({
  title: z.string(),
  last_commit: z.object({ author: z.object({ name: z.string(), date: z.string() }).nullish() }).nullish(),
})

const ListedPage = PageFields.transform(({ title, last_commit }) => ({
  title,
  author: last_commit?.author?.name ?? '',
  changedAt: last_commit?.author?.date ?? '',
}))
export type WikiPage = z.output<typeof ListedPage>

const WholePage = PageFields.extend({ content_base64: z.string(), commit_count: z.number().default(0) }).transform(
  ({ title, last_commit, content_base64, commit_count }) => ({
    title,
    author: last_commit?.author?.name ?? '',
    changedAt: last_commit?.author?.date ?? '',
    text: Buffer.from(content_base64, 'base64').toString('utf8'),
    changes: commit_count,
  }),
)
type WikiText = z.output<typeof WholePage>

/**
 * Pages by file name. Files that are no pages are counted by Gitea and left out of the list. Needs `getRepository` too.
 *
 * @param args.limit from 2 on: Gitea takes 1 for its default
 * @throws NotFound, saying so, when the repository has no wiki
 */
export async function listWikiPages(client: GiteaClient, args: RepositoryName & PageRequest): Promise<Page<WikiPage>> {
  const { owner, repo, page, limit } = args
  // 404 also means: no such repository
  try {
    const answer = await client.request('listWikiPages', {
      path: { owner, repo },
      query: { page, limit },
      subject: `wiki of ${toName(args)}`,
    })
    return toPage(ListedPage, answer)
  } catch (thrown) {
    if (!(thrown instanceof NotFound)) throw thrown
    await getRepository(client, args)
    throw new NotFound(`${toName(args)} has no wiki, or this person may not see it.`)
  }
}

/**
 * One page, by its title or by the name in its address.
 *
 * @throws NotFound when there is no such page, or no wiki
 */
export async function getWikiPage(
  client: GiteaClient,
  args: RepositoryName & { readonly name: string },
): Promise<WikiText> {
  const { owner, repo } = args
  const [first, second] = toWebPaths(args.name)
  const load = async (name: string) => {
    const subject = `page "${args.name}" in the wiki of ${toName(args)}`
    return parseAnswer(WholePage, await client.request('getWikiPage', { path: { owner, repo, name }, subject }))
  }
  if (second === undefined) return load(first)
  // what looks like a title may also be an address: only Gitea knows which of them exists
  try {
    return await load(first)
  } catch (thrown) {
    if (!(thrown instanceof NotFound)) throw thrown
    return load(second)
  }
}

/**
 * How Gitea addresses a page (services/wiki/wiki_path.go), before escaping: blanks are `-`, unless the title has a `-`
 * itself; then all stays as it is and `.-` marks that.
 */
function toWebPaths(name: string): readonly [string, string?] {
  const title = name.trim()
  const hasDash = title.includes('-') || title.endsWith('.md')
  const byTitle = hasDash ? `${title}.-` : title.replaceAll(' ', '-')
  const byAddress = unescapeAddress(title)
  return byAddress === byTitle ? [byTitle] : [byTitle, byAddress]
}

function unescapeAddress(address: string): string {
  // what is no escaped text is a name as it is
  try {
    return decodeURIComponent(address.replaceAll('+', ' '))
  } catch {
    return address
  }
}
