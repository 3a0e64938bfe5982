import type { Browser, Page } from './browser.js'
import { type GiteaSignIn, signInAtGitea } from './sign-in-at-gitea.js'

/**
 * Opens a client's authorization address, signs in at Gitea where it leads, and comes back to our consent page.
 *
 * @throws Error when another page comes in its place
 */
export async function reachConsent(browser: Browser, authorize: string, person: GiteaSignIn): Promise<Page> {
  const { origin } = new URL(authorize)
  const leavesUs = (next: URL) => next.origin !== origin
  const fromGitea = await signInAtGitea(browser, await browser.open(authorize, leavesUs), person)
  const page = await browser.settle(fromGitea, leavesUs)
  if (!page.forms.some(({ buttons }) => buttons.some(({ name }) => name === 'decision'))) {
    throw new Error(`instead of the consent page came ${page.status} ${page.url}: ${page.text.slice(0, 400)}`)
  }
  return page
}
