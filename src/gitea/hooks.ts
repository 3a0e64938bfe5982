import { request } from 'undici'
import { z } from 'zod'
import { toErrorText, UpstreamFailed } from '../lib/errors.js'
import { Secret } from '../lib/secret.js'
import { SECOND } from '../lib/units.js'
import { type HookMethod, type HookPlace, toHookRefusal } from './hook-place.js'

/*
 * Webhooks in Gitea, for the commands of an administrator with a token of their own. No tool and no job reaches this:
 * it is not among the operations of `operations.ts`, and only `cli/` imports it.
 */

export interface Hook {
  readonly id: number
  /** `gitea`, or a chat program’s form. */
  readonly type: string
  readonly url: string
  readonly contentType: string
  /** The exact names that `HOOK_EVENTS` has, sorted: fit to be written back. */
  readonly events: readonly string[]
  readonly isActive: boolean
  readonly branchFilter: string
  /** Gitea answers it in clear. An edit has to send it again, or it is gone. */
  readonly authorization: Secret | undefined
}

/** What an edit sets. The secret is not among it: Gitea takes a new one and goes on signing with the old. */
interface HookSettings {
  readonly url: string
  readonly events: readonly string[]
  readonly isActive: boolean
}

export interface HookClient {
  /** Every method throws AppError with words for the operator. */
  list(place: HookPlace): Promise<readonly Hook[]>
  create(place: HookPlace, settings: HookSettings & { readonly secret: Secret }): Promise<Hook>
  /** What `settings` do not name stays. */
  edit(place: HookPlace, hook: Hook, settings: HookSettings): Promise<Hook>
  remove(place: HookPlace, id: number): Promise<void>
  /** Has Gitea deliver a push in which nothing changed, by this webhook alone. Nothing is sent from an empty repository. */
  test(place: HookPlace & { readonly kind: 'repository' }, id: number): Promise<void>
}

/** The names that a webhook’s `events` may have; Gitea drops any other without a word. */
export const HOOK_EVENTS = [
  'push',
  'create',
  'delete',
  'fork',
  'issues_only',
  'issue_assign',
  'issue_label',
  'issue_milestone',
  'issue_comment',
  'pull_request_only',
  'pull_request_assign',
  'pull_request_label',
  'pull_request_milestone',
  'pull_request_comment',
  'pull_request_review',
  'pull_request_review_request',
  'pull_request_sync',
  'release',
  'repository',
  'wiki',
  'package',
  'status',
  'workflow_run',
  'workflow_job',
] as const

/** In an answer these stand for themselves alone; sent back they would mean every event of issues or pull requests. */
const READ_BACK: ReadonlyMap<string, string> = new Map([
  ['issues', 'issues_only'],
  ['pull_request', 'pull_request_only'],
])

const HookAnswer = z
  .object({
    id: z.int(),
    type: z.string(),
    config: z.object({ url: z.string().default(''), content_type: z.string().default('') }),
    events: z.array(z.string()).nullish(),
    active: z.boolean(),
    branch_filter: z.string().default(''),
    authorization_header: z.string().default(''),
  })
  .transform(
    (hook): Hook => ({
      id: hook.id,
      type: hook.type,
      url: hook.config.url,
      contentType: hook.config.content_type,
      events: (hook.events ?? []).map((name) => READ_BACK.get(name) ?? name).sort(),
      isActive: hook.active,
      branchFilter: hook.branch_filter,
      authorization: hook.authorization_header === '' ? undefined : new Secret(hook.authorization_header),
    }),
  )

const TIMEOUT_MS = 15 * SECOND
const PAGE_SIZE = 50
const MOST_PAGES = 20

interface HookClientOptions {
  /** Without trailing slash. */
  readonly giteaUrl: string
  /** An access token of whoever administers the place. */
  readonly token: Secret
}

export function createHookClient({ giteaUrl, token }: HookClientOptions): HookClient {
  const send = async (method: HookMethod, place: HookPlace, below: string, body?: unknown): Promise<unknown> => {
    const { status, text } = await exchange(`${giteaUrl}/api/v1${toPath(place)}${below}`, method, token, body)
    if (status >= 200 && status < 300) {
      return parseJson(text)
    }
    throw toHookRefusal({ status, text: text.replaceAll(token.reveal(), '[token]') }, method, place)
  }
  const read = async (method: HookMethod, place: HookPlace, below: string, body?: unknown) => {
    const parsed = HookAnswer.safeParse(await send(method, place, below, body))
    if (!parsed.success) {
      throw notUnderstood(parsed.error)
    }
    return parsed.data
  }
  return {
    list: async (place) => {
      const found: Hook[] = []
      for (let page = 1; page <= MOST_PAGES; page += 1) {
        const rows = z
          .array(HookAnswer)
          .nullable()
          .safeParse(await send('GET', place, `?page=${page}&limit=${PAGE_SIZE}`))
        if (!rows.success) {
          throw notUnderstood(rows.error)
        }
        const more = (rows.data ?? []).filter((hook) => found.every(({ id }) => id !== hook.id))
        found.push(...more)
        // the list of the instance has no pages and comes whole, again and again
        if (more.length < PAGE_SIZE) {
          break
        }
      }
      return found
    },
    create: (place, { url, events, isActive, secret }) =>
      read('POST', place, '', {
        type: 'gitea',
        config: {
          url,
          content_type: 'json',
          secret: secret.reveal(),
          // without it an instance’s webhook is only a pattern that new repositories get a copy of
          ...(place.kind === 'instance' ? { is_system_webhook: 'true' } : {}),
        },
        events,
        active: isActive,
      }),
    edit: (place, hook, { url, events, isActive }) =>
      read('PATCH', place, `/${hook.id}`, {
        config: { url, content_type: 'json' },
        events,
        active: isActive,
        branch_filter: hook.branchFilter,
        authorization_header: hook.authorization?.reveal() ?? '',
      }),
    remove: async (place, id) => {
      await send('DELETE', place, `/${id}`)
    },
    test: async (place, id) => {
      await send('POST', place, `/${id}/tests`)
    },
  }
}

function toPath(place: HookPlace): string {
  switch (place.kind) {
    case 'repository':
      return `/repos/${encodeURIComponent(place.owner)}/${encodeURIComponent(place.repo)}/hooks`
    case 'organization':
      return `/orgs/${encodeURIComponent(place.org)}/hooks`
    case 'instance':
      return '/admin/hooks'
  }
}

async function exchange(url: string, method: HookMethod, token: Secret, body: unknown) {
  // an edge: whatever a network can do ends as one error in our words
  try {
    const answer = await request(url, {
      method,
      headers: {
        authorization: `token ${token.reveal()}`,
        accept: 'application/json',
        'user-agent': 'aegis-gitea-mcp',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    return { status: answer.statusCode, text: await answer.body.text() }
  } catch (error) {
    throw new UpstreamFailed(
      `Gitea cannot be reached at ${new URL(url).origin}. Look whether it runs, and at GITEA_URL.`,
      { detail: toErrorText(error) },
    )
  }
}

function parseJson(text: string): unknown {
  // a page where JSON should be is refused by whoever reads it
  try {
    return text.trim() === '' ? null : JSON.parse(text)
  } catch {
    return undefined
  }
}

function notUnderstood(error: z.ZodError): UpstreamFailed {
  return new UpstreamFailed(
    'What answered does not speak of webhooks as Gitea does: a proxy stands before it, or GITEA_URL is wrong.',
    { detail: z.prettifyError(error).slice(0, 500) },
  )
}
