import { z } from 'zod'
import type { Page, PageRequest } from '../gitea/repos.js'
import { listWikiPages, getWikiPage as loadPage, type WikiPage } from '../gitea/wiki.js'
import { InvalidInput } from '../lib/errors.js'
import { defineTool } from './define-tool.js'
import { cutLines, describeCut, describePart, toDay, toNextDay, toOneLine, toText, toTextBudget } from './lines.js'
import { listPosition, owner, page, repo, startLine, textLines, textOf } from './params.js'

const MOST_PAGES = 50
/** Gitea takes 1 for its default. */
const FEWEST_PAGES = 2

const Listed = z.object({ title: z.string(), author: z.string(), changed_at: z.string() })

export const getWikiPage = defineTool({
  name: 'get_wiki_page',
  title: 'Read wiki',
  description: 'Wiki pages, or the text of one.',
  effect: 'read',
  toolset: 'wiki',
  scope: 'read:repository',
  operations: ['listWikiPages', 'getWikiPage', 'getRepository'],
  input: z.strictObject({
    owner,
    repo,
    page_name: textOf(300, 'Lists all when left out')
      .refine((name) => name.trim() !== '', 'must not be blank')
      .optional(),
    page,
    start_line: startLine,
  }),
  output: z.object({
    list: z.object({ pages: z.array(Listed), ...listPosition }).optional(),
    page: Listed.extend({ changes: z.number(), text: z.string(), lines: textLines }).optional(),
  }),
  async run({ owner, repo, page_name, page, start_line }, { gitea, limits, maskSecrets }) {
    if (page_name === undefined) {
      const limit = Math.max(FEWEST_PAGES, Math.min(MOST_PAGES, limits.maxItems))
      const found = await listWikiPages(gitea, { owner, repo, page, limit })
      return { list: { pages: found.items.map(toListed), ...toPosition(found, { page, limit }) } }
    }
    const found = await loadPage(gitea, { owner, repo, name: page_name })
    const budget = toTextBudget(limits.maxChars)
    const { text, ...lines } = cutLines(found.text, start_line, Number.POSITIVE_INFINITY, budget, maskSecrets)
    if (start_line > Math.max(1, lines.totalLines)) {
      throw new InvalidInput(`The page has ${lines.totalLines} lines; start_line=${start_line} is past its end.`)
    }
    return { page: { ...toListed(found), changes: found.changes, text, lines } }
  },
  render({ list, page }, { owner, repo }) {
    if (list) {
      const { pages, ...part } = list
      return toText([
        describePart(
          { items: pages, ...part },
          { one: 'wiki page', where: ` in ${owner}/${repo}` },
          part.next?.limit ?? MOST_PAGES,
        ),
        ...pages.map((row, at) => describeRow(row, pages[at - 1]?.changed_at)),
      ])
    }
    if (!page) return ''
    const head = `${owner}/${repo} wiki: ${toOneLine(page.title)}, changed ${toDay(page.changed_at)} by ${toOneLine(page.author)}`
    return page.text === '' ? `${head}. No text.` : `${head}${describeCut({ ...page.lines, text: '' })}:\n${page.text}`
  },
})

/** Gitea counts files that are no pages too, so that its count only tells whether there are more. */
function toPosition({ items, total = 0 }: Page<WikiPage>, { page, limit }: PageRequest) {
  const hasMore = page * limit < total
  return {
    first: (page - 1) * limit + 1,
    ...(page === 1 && !hasMore ? { total: items.length } : {}),
    ...(hasMore ? { next: { page: page + 1, limit } } : {}),
  }
}

function toListed({ title, author, changedAt }: WikiPage): z.output<typeof Listed> {
  return { title, author, changed_at: changedAt }
}

function describeRow({ title, author, changed_at }: z.output<typeof Listed>, previous?: string): string {
  return `${toOneLine(title)} ${toNextDay(changed_at, previous)} ${toOneLine(author)}`
}
