/**
 * A browser without JavaScript for tests: keeps cookies, reads forms, and shows every redirect instead of
 * following it silently, so that a test can look at each hop of a sign-in.
 * As in real browsers cookies belong to a host name, not to a port: two servers on 127.0.0.1 see each other's.
 */
import { decodeEntities, type HtmlForm, readForms, readText } from './html-forms.js'

export interface Page {
  /** The address that was asked for, absolute. */
  readonly url: string
  readonly status: number
  readonly headers: Headers
  readonly html: string
  /** What a reader sees. */
  readonly text: string
  readonly forms: readonly HtmlForm[]
  /** Where this answer redirects or at once refreshes to, absolute; undefined when it does neither. */
  readonly location: string | undefined
}

interface Cookie {
  readonly name: string
  readonly value: string
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: string
}

/** Which submit button is pressed: its name, and its value where several share one name. */
type PressedButton = string | { readonly name: string; readonly value: string }

export interface Browser {
  /** One GET, redirects not followed. */
  get(url: string): Promise<Page>
  /** One POST of a urlencoded body, as a script on a page could send it; redirects not followed. */
  post(url: string, fields: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>): Promise<Page>
  /** Sends the page's form with its own fields, `fields` on top; picks the only form, or the one that has `fields` or the button. */
  submit(page: Page, fields?: Readonly<Record<string, string>>, button?: PressedButton): Promise<Page>
  /** One hop of a redirect. Throws when the page is none. */
  follow(page: Page): Promise<Page>
  /** Follows redirects until a page, or until `stopBefore` matches the next address, which is then not requested. */
  settle(page: Page, stopBefore?: (url: URL) => boolean): Promise<Page>
  /** `get` and `settle` in one. */
  open(url: string, stopBefore?: (url: URL) => boolean): Promise<Page>
  /** Cookies held for the host of `url`, newest value of each name. */
  cookies(url: string): ReadonlyMap<string, Cookie>
  forgetCookies(): void
}

const maxHops = 15

function parseCookie(line: string): Cookie & { readonly isGone: boolean } {
  const [pair = '', ...parts] = line.split(';')
  const split = pair.indexOf('=')
  const attributes = new Map(
    parts.map((part) => {
      const [key = '', ...rest] = part.trim().split('=')
      return [key.toLowerCase(), rest.join('=')] as const
    }),
  )
  const maxAge = attributes.get('max-age')
  const expires = attributes.get('expires')
  return {
    name: pair.slice(0, split).trim(),
    value: pair.slice(split + 1).trim(),
    path: attributes.get('path') || '/',
    secure: attributes.has('secure'),
    httpOnly: attributes.has('httponly'),
    sameSite: attributes.get('samesite') ?? '',
    isGone: maxAge === undefined ? expires !== undefined && Date.parse(expires) <= Date.now() : Number(maxAge) <= 0,
  }
}

/** Example: <meta http-equiv="refresh" content="0; url=/next"/> */
function findRefreshTarget(html: string): string | null {
  const target = /<meta http-equiv="refresh" content="0; url=([^"]+)"/.exec(html)?.[1]
  return target === undefined ? null : decodeEntities(target)
}

function chooseForm(page: Page, fields: Readonly<Record<string, string>>, button: PressedButton | undefined): HtmlForm {
  const buttonName = typeof button === 'string' ? button : button?.name
  const candidates = page.forms.filter(
    (form) =>
      Object.keys(fields).every((name) => form.names.includes(name)) &&
      (buttonName === undefined || form.buttons.some(({ name }) => name === buttonName)),
  )
  const form = candidates[0] ?? (page.forms.length === 1 && buttonName === undefined ? page.forms[0] : undefined)
  if (!form) throw new Error(`no form on ${page.url} (${page.status}) fits: ${page.text.slice(0, 300)}`)
  return form
}

/** A fresh browser with an empty cookie jar. `headers` are sent with every request (for example a language). */
export function createBrowser(headers: Readonly<Record<string, string>> = {}): Browser {
  const jars = new Map<string, Map<string, Cookie>>()

  function jarOf(url: string): Map<string, Cookie> {
    const { hostname } = new URL(url)
    const jar = jars.get(hostname) ?? new Map<string, Cookie>()
    jars.set(hostname, jar)
    return jar
  }

  async function request(url: string, init: RequestInit): Promise<Page> {
    const { protocol, pathname } = new URL(url)
    const jar = jarOf(url)
    const cookie = [...jar.values()]
      .filter((held) => (protocol === 'https:' || !held.secure) && pathname.startsWith(held.path))
      .map((held) => `${held.name}=${held.value}`)
      .join('; ')
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: {
        accept: 'text/html,application/xhtml+xml',
        ...headers,
        ...(cookie ? { cookie } : {}),
        ...Object.fromEntries(new Headers(init.headers)),
      },
    })
    for (const line of response.headers.getSetCookie()) {
      const { isGone, ...held } = parseCookie(line)
      if (isGone) jar.delete(held.name)
      else jar.set(held.name, held)
    }
    const html = await response.text()
    const target =
      response.status >= 300 && response.status < 400 ? response.headers.get('location') : findRefreshTarget(html)
    return {
      url,
      status: response.status,
      headers: response.headers,
      html,
      text: readText(html),
      forms: readForms(html, url),
      location: target === null ? undefined : new URL(target, url).href,
    }
  }

  const browser: Browser = {
    get: (url) => request(url, { method: 'GET' }),
    post: (url, fields, extra = {}) =>
      request(url, {
        method: 'POST',
        body: new URLSearchParams(fields).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(url).origin, ...extra },
      }),
    submit(page, fields = {}, button) {
      const form = chooseForm(page, fields, button)
      const pressed =
        button === undefined
          ? form.buttons[0]
          : typeof button === 'string'
            ? form.buttons.find(({ name }) => name === button)
            : form.buttons.find(({ name, value }) => name === button.name && value === button.value)
      if (button !== undefined && !pressed) throw new Error(`no such button on ${page.url}: ${JSON.stringify(button)}`)
      const sent = { ...form.fields, ...fields, ...(pressed?.name ? { [pressed.name]: pressed.value } : {}) }
      if (form.method === 'POST') return browser.post(form.action, sent, { origin: new URL(page.url).origin })
      const target = new URL(form.action)
      target.search = new URLSearchParams(sent).toString()
      return browser.get(target.href)
    },
    follow(page) {
      if (page.location === undefined)
        throw new Error(`${page.url} answered ${page.status}, no redirect: ${page.text.slice(0, 300)}`)
      // Every redirect these tests meet is a 301, 302 or 303 after a GET or POST, which browsers follow with GET.
      if (page.status === 307 || page.status === 308) throw new Error(`${page.url} redirects with ${page.status}`)
      return browser.get(page.location)
    },
    async settle(page, stopBefore) {
      let current = page
      for (let hop = 0; hop < maxHops; hop += 1) {
        if (current.location === undefined || stopBefore?.(new URL(current.location))) return current
        current = await browser.follow(current)
      }
      throw new Error(`more than ${maxHops} redirects, last ${current.url}`)
    },
    open: async (url, stopBefore) => browser.settle(await browser.get(url), stopBefore),
    cookies: (url) => jarOf(url),
    forgetCookies: () => jars.clear(),
  }
  return browser
}
