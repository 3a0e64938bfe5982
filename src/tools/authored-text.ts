import { type RepositoryName, toName } from '../gitea/repos.js'
import type { ToolContext } from './define-tool.js'
import { count, toOneLine } from './lines.js'

/*
 * Text that people wrote: titles, bodies, comments, reviews, notes. Where the setting AUTHOR_TRUST withholds what people
 * without write access wrote, a placeholder stands in its place and the answer says how many there are.
 *
 * A tool asks `context.trustAuthors()` once (a list across repositories `trustInEach`), passes every such text through `showAuthored`, marks the row as
 * `withheld` in its data, and puts `describeWithheld` under its head line.
 */

/** Whether text by this person may be shown; from `context.trustAuthors()`. */
export type TrustsAuthor = (login: string) => boolean

interface Authored {
  /** The text, or what stands in its place. */
  readonly text: string
  readonly withheld: boolean
}

/** The text where its author is trusted, the placeholder where not. No text stays no text. */
export function showAuthored(trusts: TrustsAuthor, author: string, text: string): Authored {
  const withheld = text.trim() !== '' && !trusts(author)
  return { text: withheld ? withheldText(author) : text, withheld }
}

/** What stands in place of text by somebody who is not trusted. */
function withheldText(author: string): string {
  return `[withheld: ${toOneLine(author)} cannot write here]`
}

/** The line that says how many texts of an answer were withheld; empty when none. */
export function describeWithheld(rows: readonly { readonly withheld: boolean }[]): string {
  const withheld = rows.filter((row) => row.withheld).length
  return withheld === 0
    ? ''
    : `${count(withheld, 'text')} withheld: AUTHOR_TRUST shows only what people with write access wrote.`
}

const MOST_REPOSITORIES = 20

/**
 * Author trust for a list across repositories. Beyond twenty of them nobody is asked any more, and nobody is trusted.
 */
export async function trustInEach(
  repositories: Iterable<RepositoryName>,
  trustAuthors: ToolContext['trustAuthors'],
): Promise<(repository: RepositoryName) => TrustsAuthor> {
  const asked = new Map<string, Promise<TrustsAuthor>>()
  for (const repository of repositories) {
    const name = toName(repository)
    if (!asked.has(name) && asked.size < MOST_REPOSITORIES) asked.set(name, trustAuthors(repository))
  }
  const known = new Map(await Promise.all([...asked].map(async ([name, trusts]) => [name, await trusts] as const)))
  return (repository) => known.get(toName(repository)) ?? (() => false)
}
