/** The frame of every page, and the headers it is sent with. */
import { hash } from 'node:crypto'
import type { Child, FC } from 'hono/jsx'
import { STYLESHEET } from './stylesheet.js'

/** A page ready to be sent. */
export interface RenderedPage {
  readonly html: string
  readonly headers: Readonly<Record<string, string>>
}

interface LayoutProps {
  readonly title: string
  /** Shown beside our name: which Gitea this server stands for. */
  readonly giteaHost: string
  readonly isWide?: boolean
  /** Where the browser goes by itself, at once. */
  readonly continueTo?: string
  readonly children?: Child
}

export const Layout: FC<LayoutProps> = ({ title, giteaHost, isWide = false, continueTo, children }) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="robots" content="noindex" />
      <meta name="color-scheme" content="light dark" />
      {continueTo === undefined ? null : <meta http-equiv="refresh" content={`0; url=${continueTo}`} />}
      <title>{title}</title>
      <style dangerouslySetInnerHTML={{ __html: STYLESHEET }} />
    </head>
    <body>
      <div class={isWide ? 'dialog wide' : 'dialog'}>
        <header class="brand">
          <svg class="shield" viewBox="0 0 20 23" fill="none" aria-hidden="true">
            <path
              d="M10 1.2 18.4 4v7.2c0 5-3.4 8.6-8.4 10.6C5 19.8 1.6 16.2 1.6 11.2V4L10 1.2Z"
              stroke="currentColor"
              stroke-width="1.8"
              stroke-linejoin="round"
            />
            <path d="m6.3 11.3 2.6 2.6 4.9-5.2" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" />
          </svg>
          <span>
            <b>Aegis</b> for {giteaHost}
          </span>
        </header>
        {children}
      </div>
    </body>
  </html>
)

const STYLE_SOURCE = `'sha256-${hash('sha256', STYLESHEET, 'base64')}'`

/**
 * Renders a page with everything that keeps it ours: nothing is loaded, nobody frames it, nothing is kept.
 *
 * @param formTargets CSP sources its form, and the redirects that answer it, may reach
 */
export function renderPage(page: ReturnType<FC>, formTargets: readonly string[] = []): RenderedPage {
  const targets = formTargets.length === 0 ? `'none'` : formTargets.join(' ')
  return {
    html: `<!doctype html>${String(page)}`,
    headers: {
      'content-security-policy': [
        `default-src 'none'`,
        `style-src ${STYLE_SOURCE}`,
        `img-src 'none'`,
        `form-action ${targets}`,
        `base-uri 'none'`,
        `frame-ancestors 'none'`,
      ].join('; '),
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    },
  }
}
