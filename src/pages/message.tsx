/** Pages that tell how something ended and what to do next. Each outcome has its own words and its own way on. */
import type { Child, FC } from 'hono/jsx'
import { Layout } from './layout.js'
import { toDisplayName } from './untrusted-text.js'

interface Way {
  readonly href: string
  readonly label: string
}

interface MessagePageProps {
  readonly giteaHost: string
  readonly title: string
  readonly children?: Child
  /** What most people should do next. */
  readonly next?: Way
  readonly other?: Way
}

const MessagePage: FC<MessagePageProps> = ({ giteaHost, title, children, next, other }) => (
  <Layout title={title} giteaHost={giteaHost}>
    <main class="card">
      <h1>{title}</h1>
      {children}
      {next === undefined && other === undefined ? null : (
        <div class="choices">
          {other === undefined ? null : (
            <a class="button" href={other.href}>
              {other.label}
            </a>
          )}
          {next === undefined ? null : (
            <a class="button go" href={next.href}>
              {next.label}
            </a>
          )}
        </div>
      )}
    </main>
  </Layout>
)

/** The interaction is over, belongs to another browser, or never was. */
export const ExpiredPage: FC<{ readonly giteaHost: string }> = ({ giteaHost }) => (
  <MessagePage giteaHost={giteaHost} title="This sign-in is no longer open">
    <p>It was finished already, took too long, or was started in another browser.</p>
    <p>If your AI client is not connected, go back to it and connect once more.</p>
  </MessagePage>
)

const REFUSALS: Readonly<Record<string, string>> = {
  invalid_client:
    'This server does not know the client that sent you here, or could not read the document that describes it.',
  invalid_client_metadata: 'The document that describes the client cannot be used.',
  invalid_redirect_uri: 'The client wants the answer sent to an address it did not register.',
}

/** The authorization request cannot be used, and must not be answered to the address it names. */
export const RefusedPage: FC<{ readonly giteaHost: string; readonly code: string }> = ({ giteaHost, code }) => (
  <MessagePage giteaHost={giteaHost} title="This request was refused">
    <p>{REFUSALS[code] ?? 'The client that sent you here made a request that this server cannot accept.'}</p>
    <p>
      Nothing was allowed. Remove the connection in your AI client and add it again; if that does not help, it is a
      fault of the client.
    </p>
    <p class="small">
      Error <code>{/^[a-z_]{1,40}$/.test(code) ? code : 'invalid_request'}</code>
    </p>
  </MessagePage>
)

/** An admin has stopped the server; why is not for people who have not signed in. */
export const StoppedPage: FC<{ readonly giteaHost: string }> = ({ giteaHost }) => (
  <MessagePage giteaHost={giteaHost} title="Nobody can sign in now">
    <p>An admin has stopped this server for the time being. Your Gitea account is not affected.</p>
    <p>Nothing was allowed. Ask whoever runs this server when it goes on, then connect your AI client again.</p>
  </MessagePage>
)

/** An answer is on its way to an app outside the browser. */
export const DonePage: FC<{
  readonly giteaHost: string
  readonly clientName: string
  readonly isAllowed: boolean
  readonly continueTo: string
}> = ({ giteaHost, clientName, isAllowed, continueTo }) => (
  <Layout title="You can close this window" giteaHost={giteaHost} continueTo={continueTo}>
    <main class="card">
      <h1>You can close this window</h1>
      <p>
        <bdi class="name">{toDisplayName(clientName)}</bdi>{' '}
        {isAllowed ? 'has your answer and goes on by itself.' : 'was told that you said no.'}
      </p>
      <p class="small">
        If nothing happens, <a href={continueTo}>open the app</a>.
      </p>
    </main>
  </Layout>
)

/**
 * An answer is on its way to the client. A page and not a redirect: browsers hold every hop that follows a form to the
 * form's own targets, and where the client sends people afterwards is its own affair.
 */
export const ReturnPage: FC<{
  readonly giteaHost: string
  readonly clientName: string
  readonly continueTo: string
}> = ({ giteaHost, clientName, continueTo }) => (
  <Layout title="Going back" giteaHost={giteaHost} continueTo={continueTo}>
    <main class="card">
      <h1>
        Going back to <bdi class="name">{toDisplayName(clientName)}</bdi>
      </h1>
      <p class="small">
        If nothing happens, <a href={continueTo}>go on</a>.
      </p>
    </main>
  </Layout>
)

/** Before signing in as somebody else. */
export const SwitchPage: FC<{
  readonly giteaHost: string
  readonly giteaUrl: string
  readonly login: string
  readonly signInUrl: string
  readonly backUrl: string
}> = ({ giteaHost, giteaUrl, login, signInUrl, backUrl }) => (
  <MessagePage
    giteaHost={giteaHost}
    title="Sign in as somebody else"
    next={{ href: signInUrl, label: 'I signed out, go on' }}
    other={{ href: backUrl, label: `Stay ${login}` }}
  >
    <p>
      Gitea has you signed in as <b>{login}</b> and would answer for that account again. So, in this order:
    </p>
    <ol class="steps">
      <li>
        Open{' '}
        <a href={giteaUrl} target="_blank" rel="noopener noreferrer">
          {giteaHost}
        </a>{' '}
        and sign out there.
      </li>
      <li>Come back to this page and go on.</li>
    </ol>
  </MessagePage>
)

export type SignInFailure =
  | 'denied'
  | 'full_access'
  | 'too_little'
  | 'prohibited'
  | 'must_change_password'
  | 'unreachable'
  | 'misconfigured'
  | 'failed'

interface SignInFailurePageProps {
  readonly failure: SignInFailure
  readonly giteaHost: string
  readonly giteaUrl: string
  /** Starts the sign-in once more. */
  readonly retryUrl: string
  /** Tells the client that it was not allowed. */
  readonly giveUpUrl: string
}

/** A sign-in through Gitea that did not succeed. */
export const SignInFailurePage: FC<SignInFailurePageProps> = (props) => {
  const { failure, giteaHost, giteaUrl } = props
  const [title, body] = describe(failure, giteaHost, giteaUrl)
  return (
    <MessagePage
      giteaHost={giteaHost}
      title={title}
      next={{ href: props.retryUrl, label: failure === 'denied' ? 'Sign in after all' : 'Try again' }}
      other={{ href: props.giveUpUrl, label: 'Back to the client' }}
    >
      {body}
    </MessagePage>
  )
}

function describe(failure: SignInFailure, giteaHost: string, giteaUrl: string): readonly [string, Child] {
  const applications = (
    <a href={`${giteaUrl}/user/settings/applications`} target="_blank" rel="noopener noreferrer">
      {giteaHost}/user/settings/applications
    </a>
  )
  switch (failure) {
    case 'denied':
      return [
        'You did not sign in',
        <p>At Gitea you chose not to let this server know who you are, so no client was connected.</p>,
      ]
    case 'full_access':
    case 'too_little':
      return [
        failure === 'full_access' ? 'Gitea would hand over too much' : 'Gitea would hand over too little',
        <>
          <p>
            {failure === 'full_access'
              ? 'For this application Gitea remembers a permission to do everything in your account. This server refuses to hold that.'
              : 'For this application Gitea remembers a permission that does not cover what this server needs, and goes on using it.'}
          </p>
          <ol class="steps">
            <li>Open {applications}.</li>
            <li>Under “Authorized OAuth2 applications”, revoke this server’s application.</li>
            <li>Come back and try again: Gitea will ask you once more.</li>
          </ol>
        </>,
      ]
    case 'prohibited':
      return [
        'Your Gitea account cannot sign in',
        <p>Gitea says that this account is disabled, or not activated yet. Ask the administrator of {giteaHost}.</p>,
      ]
    case 'must_change_password':
      return [
        'Gitea wants you to change your password',
        <p>
          Sign in at{' '}
          <a href={giteaUrl} target="_blank" rel="noopener noreferrer">
            {giteaHost}
          </a>
          , choose a new password there, then try again.
        </p>,
      ]
    case 'unreachable':
      return [
        'Gitea does not answer',
        <p>This server could not reach {giteaHost}. Nothing is lost: try again in a moment.</p>,
      ]
    case 'misconfigured':
      return [
        'This server is not known to Gitea',
        <p>
          Gitea did not accept this server’s application. Its operator has to check the client id, the secret and the
          redirect address; <code>aegis doctor</code> names the fault.
        </p>,
      ]
    case 'failed':
      return ['The sign-in did not work', <p>Gitea did not confirm it. Trying again usually helps.</p>]
  }
}
