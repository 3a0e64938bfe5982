import { z } from 'zod'
import type { Page, PageRequest } from '../gitea/repos.js'
import { count, type ListPart, toListPart } from './lines.js'

/*
 * Lists across repositories, of which this connection may not use all: Gitea's pages are followed until a page of
 * usable rows is there, so that what is left out makes no holes.
 */

const GITEA_PAGE = 50
/** How far a list is followed when a grant or the policy leaves most of it out. */
const MOST_PAGES = 20

/** For outputs: where a list across repositories stands, and what is missing from it. */
export const usablePosition = {
  total: z.number().optional(),
  first: z.number(),
  /** Rows passed on the way that belong to repositories this connection may not use. */
  hidden: z.number(),
  /** There were more rows than this server looks through in one call. */
  unread: z.boolean(),
  next: z.object({ page: z.number(), limit: z.number() }).optional(),
}

interface UsablePart<T> extends ListPart<T> {
  readonly hidden: number
  readonly unread: boolean
}

/** What Gitea sends as one page of a list. */
interface LoadedPage<T> extends Page<T> {
  /** Where neither an empty page nor the total tells the end of the list. */
  readonly isLast?: boolean
}

/**
 * @param load one page of Gitea's list
 * @param isUsable whether this connection may know of the row
 * @param describe a row as it will be shown, to see how many fit
 */
export async function loadUsablePart<T>(
  load: (request: PageRequest) => Promise<LoadedPage<T>>,
  isUsable: (item: T) => boolean,
  { page, limit }: PageRequest,
  describe: (item: T) => string,
  maxChars: number,
): Promise<UsablePart<T>> {
  const found = await collect(load, isUsable, { page, limit })
  const rows = found.usable.slice((page - 1) * limit, page * limit)
  // Gitea's own count would tell about rows that are kept back
  const total = found.isAll ? found.usable.length : found.hidden === 0 ? found.total : undefined
  const { next, ...part } = toListPart({ items: rows, total }, { page, limit }, describe, maxChars)
  // without a total a full page does not prove that there is more
  const isMore = next !== undefined && (found.usable.length > part.first - 1 + part.items.length || total !== undefined)
  return { ...part, ...(isMore ? { next } : {}), hidden: found.hidden, unread: found.isCut }
}

async function collect<T>(
  load: (request: PageRequest) => Promise<LoadedPage<T>>,
  isUsable: (item: T) => boolean,
  { page, limit }: PageRequest,
) {
  // the first page is what is mostly asked for, and mostly all of it is usable
  if (page === 1) {
    const { items, total } = await load({ page, limit })
    if (total !== undefined && items.every(isUsable)) {
      return { usable: items, hidden: 0, total, isAll: items.length >= total, isCut: false }
    }
  }
  const usable: T[] = []
  let seen = 0
  for (let at = 1; at <= MOST_PAGES; at += 1) {
    const { items, total, isLast } = await load({ page: at, limit: GITEA_PAGE })
    seen += items.length
    usable.push(...items.filter(isUsable))
    const hidden = seen - usable.length
    const isAll = isLast ?? (items.length === 0 || seen >= (total ?? Number.POSITIVE_INFINITY))
    // one more than the page tells whether there is a next one
    if (isAll || usable.length > page * limit) return { usable, hidden, total, isAll, isCut: false }
  }
  return { usable, hidden: seen - usable.length, total: undefined, isAll: false, isCut: true }
}

/** The lines at the end that say what is missing and why. */
export function describeMissing(
  { hidden, unread }: { readonly hidden: number; readonly unread: boolean },
  one: string,
  many = `${one}s`,
): string[] {
  return [
    hidden === 0 ? '' : `${count(hidden, one, many)} left out: this connection may not use their repositories.`,
    unread ? `Not all ${many} were looked at; narrow the search.` : '',
  ]
}
