import { type Browser, createBrowser, type Page } from './browser.js'
import type { Person } from './connect-client.js'
import { reachConsent } from './reach-consent.js'

interface AgreeOptions {
  /** A fresh one unless given. */
  readonly browser?: Browser
  /** Told the consent page before the person allows. */
  readonly onConsent?: (page: Page) => void
}

/**
 * What a person does in their browser when a client sends them to `authorize`: sign in at Gitea, read the consent
 * page, allow. Returns where the browser would go next, which is back to the client.
 *
 * @throws Error when a page other than these comes
 */
export async function agreeInBrowser(
  authorize: string,
  person: Person,
  { browser = createBrowser(), onConsent }: AgreeOptions = {},
): Promise<URL> {
  const { origin } = new URL(authorize)
  const leavesUs = (next: URL) => next.origin !== origin
  const consent = await reachConsent(browser, authorize, person)
  onConsent?.(consent)
  const decided = await browser.submit(consent, {}, { name: 'decision', value: 'allow' })
  const { location, status, text } = await browser.settle(decided, leavesUs)
  if (location === undefined) {
    throw new Error(`the consent page led nowhere: ${status} ${text.slice(0, 400)}`)
  }
  return new URL(location)
}
