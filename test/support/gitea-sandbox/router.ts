/**
 * Matches paths as Gitea does: on the escaped form, so `%2F` stays inside its segment, and decodes parameters
 * afterwards (routers/common/middleware.go). `{name}` is one segment, a final `*` the rest.
 */

interface Route<Handler> {
  readonly method: string
  readonly pattern: RegExp
  readonly names: readonly string[]
  readonly handler: Handler
  readonly template: string
}

type RouteMatch<Handler> =
  | {
      readonly kind: 'found'
      readonly handler: Handler
      readonly params: ReadonlyMap<string, string>
      readonly template: string
    }
  | { readonly kind: 'method'; readonly allow: readonly string[] }
  | { readonly kind: 'none' }

export interface Router<Handler> {
  add(method: string, template: string, handler: Handler): void
  match(method: string, escapedPath: string): RouteMatch<Handler>
  readonly templates: readonly { readonly method: string; readonly template: string }[]
}

function compile(template: string): { pattern: RegExp; names: string[] } {
  const names: string[] = []
  const source = template.replace(/[.+?^$()|[\]\\]/g, '\\$&').replace(/\{(\w+)\}|\*$/g, (part, name?: string) => {
    names.push(name ?? part)
    return name === undefined ? '(.*)' : '([^/]+?)'
  })
  return { pattern: new RegExp(`^${source}$`), names }
}

/** Sorts fixed segments before half-fixed ones, before parameters, before the rest: as chi's tree prefers them. */
function specificity(template: string): string {
  return template
    .split('/')
    .map((segment) => (segment === '*' ? '3' : /^\{\w+\}$/.test(segment) ? '2' : segment.includes('{') ? '1' : '0'))
    .join('')
}

/** Undecodable escapes stay as they came, as in Go's net/url error path Gitea ignores. */
function decode(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

export function createRouter<Handler>(): Router<Handler> {
  const routes: Route<Handler>[] = []
  return {
    templates: routes,
    add(method, template, handler) {
      routes.push({ method, template, handler, ...compile(template) })
      routes.sort((left, right) => (specificity(left.template) < specificity(right.template) ? -1 : 1))
    },
    match(method, escapedPath) {
      const allow: string[] = []
      for (const { pattern, names, handler, template, method: routeMethod } of routes) {
        const found = pattern.exec(escapedPath)
        if (!found) continue
        if (routeMethod !== method) {
          allow.push(routeMethod)
          continue
        }
        const params = new Map(names.map((name, at) => [name, decode(found[at + 1] ?? '')]))
        return { kind: 'found', handler, params, template }
      }
      return allow.length > 0 ? { kind: 'method', allow } : { kind: 'none' }
    },
  }
}
