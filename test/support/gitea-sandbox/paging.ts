/** Gitea's paging: services/context/api.go, routers/api/v1/utils/page.go, models/db/list.go. */
import type { RawRequest } from './exchange.js'
import { json, type Reply } from './reply.js'

const defaultPageSize = 30
export const maxPageSize = 50

export interface PageRequest {
  readonly page: number
  readonly size: number
  /** T11: lists that slice only when `page` is sent return everything without it. */
  readonly isPageSent: boolean
}

function readInteger(request: RawRequest, name: string): number {
  const value = request.query.get(name) ?? ''
  return /^-?\d+$/.test(value) ? Number(value) : 0
}

/** `page` and `limit` of a request; 0, negative or unreadable limits are the default, larger ones the maximum. */
export function readPage(request: RawRequest): PageRequest {
  const page = readInteger(request, 'page')
  const limit = readInteger(request, 'limit')
  const size = limit <= 0 ? defaultPageSize : Math.min(limit, maxPageSize)
  return { page: Math.max(page, 1), size, isPageSent: page > 0 }
}

export function slicePage<Row>(rows: readonly Row[], { page, size }: PageRequest): Row[] {
  return rows.slice((page - 1) * size, page * size)
}

/** Go's url.Values.Encode: keys sorted, spaces as `+`. */
function encodeQuery(request: RawRequest, page: number): string {
  const query = new URLSearchParams(request.rawQuery)
  query.set('page', String(page))
  query.sort()
  return query.toString().replace(/%7E/g, '~').replace(/\*/g, '%2A')
}

function linkHeader(request: RawRequest, total: number, { page, size }: PageRequest): string {
  const last = Math.max(Math.ceil(total / size), 1)
  const link = (to: number, relation: string): string =>
    `<${request.instance.url}${request.path}?${encodeQuery(request, to)}>; rel="${relation}"`
  const current = Math.min(page, last)
  return [
    ...(current < last ? [link(current + 1, 'next'), link(last, 'last')] : []),
    ...(current > 1 ? [link(1, 'first'), link(current - 1, 'prev')] : []),
  ].join(',')
}

/** A list answer with X-Total-Count and, on the lists that have it, Link. */
export function jsonPage(
  request: RawRequest,
  body: unknown,
  total: number,
  options: {
    readonly link?: boolean
    readonly page?: PageRequest
    readonly headers?: Readonly<Record<string, string>>
  } = {},
): Reply {
  const link = options.link ? linkHeader(request, total, options.page ?? readPage(request)) : ''
  const exposed = [...(link ? ['Link'] : []), 'X-Total-Count', ...Object.keys(options.headers ?? {})]
  return json(200, body, {
    'x-total-count': String(total),
    'access-control-expose-headers': exposed.join(', '),
    ...(link ? { link } : {}),
    ...options.headers,
  })
}
