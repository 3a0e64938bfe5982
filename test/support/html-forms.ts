/**
 * Reads the forms of an HTML page the way a browser without JavaScript would see them.
 * Only for the well-formed pages our own tests meet; it is no general HTML parser.
 */

interface FormButton {
  readonly name: string
  readonly value: string
  /** What is written on the button, without markup. */
  readonly text: string
}

export interface HtmlForm {
  readonly method: 'GET' | 'POST'
  /** Absolute. */
  readonly action: string
  /** Every named field that would be sent, with its initial value; unticked boxes are not sent. */
  readonly fields: Readonly<Record<string, string>>
  /** Names of all controls, sent or not. */
  readonly names: readonly string[]
  readonly buttons: readonly FormButton[]
}

const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }

/** Resolves the character references that HTML escaping produces. */
export function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|([a-z]+));/gi,
    (whole, hex?: string, decimal?: string, name?: string) =>
      hex
        ? String.fromCodePoint(Number.parseInt(hex, 16))
        : decimal
          ? String.fromCodePoint(Number(decimal))
          : (named[(name ?? '').toLowerCase()] ?? whole),
  )
}

function dropHidden(html: string): string {
  return html.replace(/<(script|style)\b[\s\S]*?<\/\1>|<!--[\s\S]*?-->/gi, ' ')
}

/** The text a reader sees: markup, scripts and styles removed, white space collapsed. */
export function readText(html: string): string {
  return decodeEntities(dropHidden(html).replace(/<[^>]*>/g, ' '))
    .replace(/\s+/g, ' ')
    .trim()
}

function readAttributes(tag: string): Record<string, string> {
  const attributes: Record<string, string> = {}
  // Example: <input type="hidden" name=a value='b' checked>
  for (const match of tag.matchAll(/([a-z][\w:-]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/gi)) {
    const name = match[1]?.toLowerCase()
    if (name) attributes[name] ??= decodeEntities(match[2] ?? match[3] ?? match[4] ?? '')
  }
  return attributes
}

function readControls(
  body: string,
  add: (name: string, value: string | undefined) => void,
  buttons: FormButton[],
): void {
  const control = /<(input|button|textarea|select)\b([^>]*)>(?:([\s\S]*?)<\/\1>)?/gi
  // An input has no end tag, so its match must not reach for the next one's.
  const source = body.replace(/<input\b([^>]*?)\/?>/gi, '<input $1></input>')
  for (const [, kind = '', raw = '', inner = ''] of source.matchAll(control)) {
    const { type = '', name = '', value, checked, disabled } = readAttributes(raw)
    if (disabled !== undefined) continue
    const tag = kind.toLowerCase()
    if (tag === 'button' || type === 'submit') {
      if (type !== 'button' && type !== 'reset')
        buttons.push({ name, value: value ?? '', text: readText(inner) || (value ?? '') })
    } else if (!name) {
    } else if (tag === 'textarea') add(name, decodeEntities(inner))
    else if (tag === 'select') {
      const chosen = /<option\b([^>]*\bselected\b[^>]*)>/i.exec(inner) ?? /<option\b([^>]*)>/i.exec(inner)
      add(name, chosen ? readAttributes(chosen[1] ?? '').value : undefined)
    } else if (type === 'checkbox' || type === 'radio') add(name, checked === undefined ? undefined : (value ?? 'on'))
    else add(name, value ?? '')
  }
}

/** All forms of a page, in order; `pageUrl` resolves relative actions. */
export function readForms(html: string, pageUrl: string): HtmlForm[] {
  return [...dropHidden(html).matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, head = '', body = '']) => {
    const { action = '', method = 'get' } = readAttributes(head)
    const fields: Record<string, string> = {}
    const names: string[] = []
    const buttons: FormButton[] = []
    readControls(
      body,
      (name, value) => {
        names.push(name)
        if (value !== undefined) fields[name] = value
      },
      buttons,
    )
    return {
      method: method.toUpperCase() === 'POST' ? 'POST' : 'GET',
      action: new URL(action || pageUrl, pageUrl).href,
      fields,
      names,
      buttons,
    }
  })
}
