import type { Page } from '../../test/support/browser.js'
import { readText } from '../../test/support/html-forms.js'

interface ConsentText {
  readonly question: string
  /** One item each. */
  readonly abilities: readonly string[]
}

/** What the person reads on the consent page before they decide. */
export function readConsentPage({ html }: Page): ConsentText {
  const all = (tag: string) =>
    [...html.matchAll(new RegExp(`<${tag}\\b[^>]*>(.*?)</${tag}>`, 'gs'))].map(([, inner = '']) =>
      readText(inner).replace(/ (?=[?.])/g, ''),
    )
  return { question: all('h1')[0] ?? '', abilities: all('li') }
}
