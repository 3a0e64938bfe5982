import { hash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConsentPage, type ConsentPageProps } from '../../src/pages/consent.js'
import { HomePage } from '../../src/pages/home.js'
import { renderPage } from '../../src/pages/layout.js'
import {
  DonePage,
  ExpiredPage,
  RefusedPage,
  ReturnPage,
  type SignInFailure,
  SignInFailurePage,
  SwitchPage,
} from '../../src/pages/message.js'

const GITEA = { giteaUrl: 'https://git.example.org', giteaHost: 'git.example.org' }

const CONSENT: ConsentPageProps = {
  action: '/interaction/1',
  csrfToken: 'token',
  switchUrl: '/interaction/1/switch',
  giteaUrl: GITEA.giteaUrl,
  person: { login: 'alice', name: '' },
  client: { name: 'Client', identity: undefined },
  redirect: { uri: 'https://client.example/callback', kind: 'web' },
  asksToWrite: true,
  isStepUp: false,
  narrow: { readOnly: false, repositories: '', expiry: 'never' },
}

const FAILURES: readonly SignInFailure[] = [
  'denied',
  'full_access',
  'too_little',
  'prohibited',
  'must_change_password',
  'unreachable',
  'misconfigured',
  'failed',
]

const pages = {
  consent: () => <ConsentPage {...CONSENT} />,
  'step-up': () => <ConsentPage {...CONSENT} isStepUp />,
  expired: () => <ExpiredPage {...GITEA} />,
  refused: () => <RefusedPage {...GITEA} code="invalid_redirect_uri" />,
  done: () => <DonePage {...GITEA} clientName="Client" isAllowed continueTo="/authorize/1" />,
  return: () => <ReturnPage {...GITEA} clientName="Client" continueTo="/authorize/1" />,
  switch: () => <SwitchPage {...GITEA} login="alice" signInUrl="/a" backUrl="/b" />,
  home: () => <HomePage publicBaseUrl="https://aegis.example.org" giteaUrl={GITEA.giteaUrl} />,
  ...Object.fromEntries(
    FAILURES.map((failure) => [
      `failed: ${failure}`,
      () => <SignInFailurePage {...GITEA} failure={failure} retryUrl="/a" giveUpUrl="/b" />,
    ]),
  ),
}

describe.each(Object.entries(pages))('the page "%s"', (_name, page) => {
  it('is whole, says one thing, and loads or runs nothing', () => {
    const { html, headers } = renderPage(page(), ["'self'"])

    expect(html).toMatch(/^<!doctype html><html lang="en">/)
    expect(html.match(/<h1>/g)).toHaveLength(1)
    expect(html).toMatch(/<title>[^<]+<\/title>/)
    expect(html).not.toMatch(/<script|<img|<link|<iframe| style=|\son[a-z]+=/i)
    const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? ''
    expect(headers['content-security-policy']).toContain(`style-src 'sha256-${hash('sha256', style, 'base64')}'`)
  })

  it('labels every field', () => {
    const { html } = renderPage(page())

    for (const [control] of html.matchAll(/<(?:input|textarea)[^>]*>/g)) {
      const id = / id="([^"]+)"/.exec(control)?.[1]
      const isLabelled = html.includes(`for="${id}"`) || new RegExp(`<label[^>]*>${control}`).test(html)
      expect(isLabelled || control.includes('type="hidden"'), control).toBe(true)
    }
  })
})

it('sends a page without form with no form target at all', () => {
  expect(renderPage(pages.expired()).headers['content-security-policy']).toContain("form-action 'none'")
})

it('never lets a name become markup, whatever it is', () => {
  const countTags = (name: string) => {
    const { html } = renderPage(<ConsentPage {...CONSENT} client={{ name, identity: undefined }} />)
    return html.split('<').length
  }
  const expected = countTags('Client')

  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary', maxLength: 200 })), (name) => {
      expect(countTags(name)).toBe(expected)
      expect(countTags(`"><b>${name}</title><form>`)).toBe(expected)
    }),
  )
})

it('shows only error codes as they are made, never what a request put there', () => {
  const { html } = renderPage(<RefusedPage {...GITEA} code="<b>evil</b>" />)

  expect(html).not.toContain('evil')
  expect(html).toContain('<code>invalid_request</code>')
})

it('keeps what the person chose when the form comes back', () => {
  const { html } = renderPage(
    <ConsentPage
      {...CONSENT}
      narrow={{ readOnly: true, repositories: 'acme/web', expiry: 'month' }}
      problem="That is not a repository."
    />,
  )

  expect(html).toMatch(/<details open=""/)
  expect(html).toMatch(/name="read_only" value="yes" checked=""/)
  expect(html).toMatch(/value="month" checked=""/)
  expect(html).toMatch(/<textarea[^>]*aria-invalid="true"[^>]*>acme\/web<\/textarea>/)
})

it('does not offer to forbid writing to a client that does not ask for it', () => {
  const { html } = renderPage(<ConsentPage {...CONSENT} asksToWrite={false} />)

  expect(html).not.toContain('name="read_only"')
  expect(html).toContain('not change anything')
})
