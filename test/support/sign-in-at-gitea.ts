/** Drives Gitea's own sign-in and consent pages, sandbox or real, as a person with a browser would. */
import type { Browser, Page } from './browser.js'

export interface GiteaSignIn {
  readonly login: string
  readonly password: string
  /** Press Authorize (default) or Cancel on the consent page. */
  readonly consent?: 'authorize' | 'cancel'
}

function isLoginPage(page: Page): boolean {
  return page.forms.some(({ names }) => names.includes('user_name') && names.includes('password'))
}

function isConsentPage(page: Page): boolean {
  return page.forms.some(({ buttons }) => buttons.some(({ name }) => name === 'granted'))
}

/**
 * Opens `authorizeUrl` (or continues from an answer that redirects to Gitea), signs in and consents where Gitea
 * asks, and returns the redirect back to the client without following it: `location` has the code or the error.
 * Returns the page as it is when Gitea shows something else (refused sign-in, bad client).
 */
export async function signInAtGitea(browser: Browser, start: string | Page, person: GiteaSignIn): Promise<Page> {
  const first = typeof start === 'string' ? await browser.get(start) : start
  const giteaOrigin = new URL(typeof start === 'string' ? start : (start.location ?? start.url)).origin
  const leavesGitea = (url: URL): boolean => url.origin !== giteaOrigin
  let page = await browser.settle(first, leavesGitea)
  if (isLoginPage(page)) {
    const answer = await browser.submit(page, { user_name: person.login, password: person.password })
    page = await browser.settle(answer, leavesGitea)
  }
  if (isConsentPage(page)) {
    const value = person.consent === 'cancel' ? 'false' : 'true'
    page = await browser.submit(page, {}, { name: 'granted', value })
  }
  return page
}
