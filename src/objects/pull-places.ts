import { z } from 'zod'
import { AnswerTooLarge } from '../gitea/answer.js'
import type { GiteaClient } from '../gitea/client.js'
import type { IssueRequest } from '../gitea/issues.js'
import { getPull, listPullsByAge, type Pull } from '../gitea/pulls.js'
import type { Page } from '../gitea/repos.js'
import { toName } from '../gitea/repos.js'
import type { ObjectStore } from './store.js'

/*
 * Gitea computes the merge base and counts lines for every answer about one pull request, and does neither in its list.
 * So a pull request is taken out of the list, asked for as the caller in this very call. All that is remembered is at
 * which place it stands among all of its repository by age: a guess, which the number of what stands there confirms.
 */

/** What reading one pull request may ask of Gitea; it guards both with the same rights. */
export const PULL_OPERATIONS = ['listPullRequests', 'getPullRequest'] as const

/** So many cost Gitea less than the one by its number. */
const WINDOW = 10
const MAX_PLACES = 1000

/** Places by number, from 1 for the oldest; negative where it was merged: there the list never tells enough again. */
type Places = Map<number, number>

/** @throws NotFound when there is no such pull request, or this person may not see it */
export async function loadPull(client: GiteaClient, store: ObjectStore, request: IssueRequest): Promise<Pull> {
  const places = readPlaces(store, request)
  const place = places.get(request.index)
  const question =
    place === undefined ? guess(places, request.index) : { first: 'oldest' as const, page: place, limit: 1 }
  if ((place !== undefined && place < 0) || question === undefined) return getPull(client, request)
  const listed = await listPullsByAge(client, { ...request, ...question }).catch(toNothing)
  const pull = listed.items.find(({ number }) => number === request.index)
  // what stands there is another one: some were taken away, or imported, and all other places are wrong as well
  if (place !== undefined && pull === undefined) places.clear()
  note(places, listed, question)
  writePlaces(store, request, places)
  return pull && isWholeInList(pull) ? pull : getPull(client, request)
}

/** Asking for one by its number makes Gitea find out whether it can be merged, where it does not know. */
function isWholeInList(pull: Pull): boolean {
  return !pull.isMerged && (pull.isMergeable || pull.isDraft || pull.state === 'closed')
}

interface Question {
  readonly first: 'oldest' | 'newest'
  readonly page: number
  readonly limit: number
}

/** Where one may stand of which no place is known; undefined when there is no room for it. */
function guess(places: Places, index: number): Question | undefined {
  const known = [...places].map(([number, place]): Known => [number, Math.abs(place)])
  const above = known.filter(([number]) => number > index).reduce(toLower, [Number.POSITIVE_INFINITY, 0])
  if (above[1] === 0) return { first: 'newest', page: 1, limit: WINDOW }
  const below = known.filter(([number]) => number < index).reduce(toHigher, [0, 0])
  const room = above[1] - below[1] - 1
  if (room < 1) return undefined
  const share = (index - below[0]) / (above[0] - below[0])
  const place = below[1] + Math.min(room, Math.max(1, Math.round(share * (room + 1))))
  return { first: 'oldest', page: Math.ceil(place / WINDOW), limit: WINDOW }
}

type Known = readonly [number: number, place: number]

function toLower(left: Known, right: Known): Known {
  return right[0] < left[0] ? right : left
}

function toHigher(left: Known, right: Known): Known {
  return right[0] > left[0] ? right : left
}

function note(places: Places, { items, total }: Page<Pull>, { first, page, limit }: Question): void {
  if (first === 'newest' && total === undefined) return
  for (const [at, { number, isMerged }] of items.entries()) {
    const nth = (page - 1) * limit + at
    const place = first === 'oldest' ? nth + 1 : (total ?? 0) - nth
    places.set(number, isMerged ? -place : place)
  }
}

function toNothing(thrown: unknown): Page<Pull> {
  if (thrown instanceof AnswerTooLarge) return { items: [], total: undefined }
  throw thrown
}

function toKey(request: IssueRequest): string {
  return `pull-places:${toName(request).toLowerCase()}`
}

const Kept = z.array(z.tuple([z.int().positive(), z.int()]))

/** Empty for what is not what was written: as good as not there. */
function readPlaces(store: ObjectStore, request: IssueRequest): Places {
  const bytes = store.get(toKey(request))
  if (bytes === undefined) return new Map()
  // the edge to a file that anyone may damage
  try {
    return new Map(Kept.safeParse(JSON.parse(bytes.toString('utf8'))).data ?? [])
  } catch {
    return new Map()
  }
}

function writePlaces(store: ObjectStore, request: IssueRequest, places: Places): void {
  // what was learnt last comes last
  const kept = JSON.stringify([...places].slice(-MAX_PLACES))
  if (store.get(toKey(request))?.toString('utf8') !== kept) store.put(toKey(request), Buffer.from(kept))
}
