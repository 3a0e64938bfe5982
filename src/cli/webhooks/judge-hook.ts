import type { HookPlace } from '../../gitea/hook-place.js'
import type { Hook } from '../../gitea/hooks.js'
import { toTerminalText } from '../command.js'
import { toPlaceOptions } from './options.js'

/** How a webhook should be. */
export interface WantedHook {
  readonly url: string
  readonly events: readonly string[]
}

/** What is to be corrected, in words; nothing where it is as it should be. */
export function findFaults(hook: Hook, { events }: WantedHook): readonly string[] {
  const missing = events.filter((event) => !hook.events.includes(event))
  return [
    ...(hook.isActive ? [] : ['it is switched off']),
    ...(missing.length === 0 ? [] : [`it lacks ${missing.join(', ')}`]),
    ...(hook.contentType === 'json' ? [] : [`it sends ${toTerminalText(hook.contentType)} instead of JSON`]),
  ]
}

/** What no edit may decide for an operator. */
export function findRemarks(hook: Hook): readonly string[] {
  return hook.branchFilter === '' || hook.branchFilter === '*'
    ? []
    : [`its branch filter is ${toTerminalText(hook.branchFilter)}: pushes to other branches are not delivered`]
}

/** Ours are those that deliver to this address, oldest first. */
export function findOurs(hooks: readonly Hook[], url: string): readonly Hook[] {
  return hooks.filter((hook) => hook.type === 'gitea' && isSameAddress(hook.url, url)).sort((a, b) => a.id - b.id)
}

/** Whether two addresses lead to the same, however they are written. */
export function isSameAddress(left: string, right: string): boolean {
  return normalize(left) === normalize(right)
}

function normalize(text: string): string {
  return (URL.parse(text)?.href ?? text).replace(/\/+$/, '')
}

/** The address of a webhook without what may be a password in it. */
export function toShownUrl(text: string): string {
  const url = URL.parse(text)
  if (url === null) {
    return toTerminalText(text.slice(0, 200))
  }
  const query = url.search === '' ? '' : '?…'
  return toTerminalText(`${url.protocol}//${url.host}${url.pathname}${query}`)
}

/** A webhook as JSON, without what is secret in it. */
export function toHookJson(hook: Hook) {
  const { id, type, url, contentType, events, isActive, branchFilter, authorization } = hook
  return {
    id,
    type,
    url: toShownUrl(url),
    content_type: contentType,
    events,
    active: isActive,
    branch_filter: branchFilter,
    sends_authorization: authorization !== undefined,
  }
}

/** Why nothing may come although Gitea says it sent it, with the line of its settings. */
export function toHostListHint(url: string): string {
  const host = URL.parse(url)?.hostname ?? 'the-host'
  return [
    'Gitea sends only to hosts that its app.ini allows, and tells nobody but its own page when it does not:',
    '  [webhook]',
    `  ALLOWED_HOST_LIST = external, ${host}`,
    '“external” is the default: public addresses only, no loopback, no private network. Restart Gitea after the change.',
  ].join('\n')
}

/** The page in Gitea that shows what became of each delivery. */
export function toHookPage(giteaUrl: string, place: HookPlace, id: number): string {
  switch (place.kind) {
    case 'repository':
      return `${giteaUrl}/${place.owner}/${place.repo}/settings/hooks/${id}`
    case 'organization':
      return `${giteaUrl}/org/${place.org}/settings/hooks/${id}`
    case 'instance':
      return `${giteaUrl}/-/admin/hooks/${id}`
  }
}

export function toInstallCommand(place: HookPlace): string {
  return `aegis webhooks install ${toPlaceOptions(place)}`
}
