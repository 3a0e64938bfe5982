/** The page on which a person decides about one client. Everything the client said about itself is untrusted. */
import type { FC } from 'hono/jsx'
import { Layout } from './layout.js'
import { toDisplayAddress, toDisplayName } from './untrusted-text.js'

export type ConsentExpiry = 'never' | 'day' | 'month'

/** What the person filled in under "Narrow it". */
export interface NarrowFields {
  readonly readOnly: boolean
  /** As typed. */
  readonly repositories: string
  readonly expiry: ConsentExpiry
}

export interface ConsentPageProps {
  /** Where the form is sent. */
  readonly action: string
  readonly csrfToken: string
  readonly switchUrl: string
  /** Where people read this Gitea in their browser. */
  readonly giteaUrl: string
  readonly person: { readonly login: string; readonly name: string }
  /** `identity` is the address of the client's document, or undefined when nobody vouches for its name. */
  readonly client: { readonly name: string; readonly identity: string | undefined }
  readonly redirect: { readonly uri: string; readonly kind: 'web' | 'loopback' | 'app' }
  readonly asksToWrite: boolean
  /** The person already lets this client read, and it asks for more. */
  readonly isStepUp: boolean
  readonly narrow: NarrowFields
  /** What is wrong with `narrow`, in our words. */
  readonly problem?: string
}

export const ConsentPage: FC<ConsentPageProps> = (props) => {
  const { person, client, redirect, asksToWrite, isStepUp } = props
  const giteaHost = new URL(props.giteaUrl).host
  const name = toDisplayName(client.name)
  return (
    <Layout title={`Allow “${name}” to work in ${giteaHost}?`} giteaHost={giteaHost}>
      <main>
        <form class="card" method="post" action={props.action}>
          <input type="hidden" name="csrf" value={props.csrfToken} />
          <h1>
            {isStepUp ? 'Allow ' : 'Let '}
            <bdi class="name">{name}</bdi>
            {isStepUp ? ' to change things in ' : ' work in '}
            {giteaHost} as <bdi>{person.login}</bdi>?
          </h1>
          <Warning client={client} redirect={redirect} />
          <dl class="facts">
            {client.identity === undefined ? (
              <>
                <dt>Calls itself</dt>
                <dd>
                  <bdi>{name}</bdi>
                </dd>
              </>
            ) : (
              <>
                <dt>Identified by</dt>
                <dd>
                  <Address uri={new URL(client.identity).origin} />
                </dd>
              </>
            )}
            <dt>Sends you back to</dt>
            <dd>
              <Destination redirect={redirect} />
            </dd>
          </dl>
          <Abilities asksToWrite={asksToWrite} isStepUp={isStepUp} />
          <Narrow asksToWrite={asksToWrite} narrow={props.narrow} problem={props.problem} />
          <p class="note">
            Every call is recorded under your name. You can end this at any time: remove this application in your{' '}
            <a href={`${props.giteaUrl}/user/settings/applications`} target="_blank" rel="noopener noreferrer">
              Gitea settings
            </a>
            .
          </p>
          <div class="choices">
            <button type="submit" name="decision" value="deny">
              Deny
            </button>
            <button type="submit" class="go" name="decision" value="allow">
              Allow
            </button>
          </div>
          <p class="small">
            Signed in as <b>{person.login}</b>
            {person.name === '' || person.name === person.login ? null : (
              <>
                {' '}
                (<bdi>{toDisplayName(person.name)}</bdi>)
              </>
            )}
            .{' '}
            <a class="whole" href={props.switchUrl}>
              Not you?
            </a>
          </p>
        </form>
      </main>
    </Layout>
  )
}

const Warning: FC<Pick<ConsentPageProps, 'client' | 'redirect'>> = ({ client, redirect }) => {
  if (redirect.kind === 'loopback') {
    return (
      <p class="note warn">
        <b>
          {client.identity === undefined
            ? 'Runs on this computer, and nobody vouches for its name.'
            : 'Runs on this computer. Any program here could use this name.'}
        </b>{' '}
        Go on only if you started it just now.
      </p>
    )
  }
  if (redirect.kind === 'app') {
    return (
      <p class="note warn">
        <b>Opens an app on this computer, and nobody vouches for its name.</b> Go on only if you started this in that
        app just now.
      </p>
    )
  }
  if (client.identity === undefined) {
    return (
      <p class="note warn">
        <b>Nobody vouches for its name.</b> Go on only if you know the address it sends you back to.
      </p>
    )
  }
  return new URL(client.identity).host === new URL(redirect.uri).host ? null : (
    <p class="note warn">
      <b>It sends you back to another address than the one that identifies it.</b> Go on only if you know both.
    </p>
  )
}

const Destination: FC<Pick<ConsentPageProps, 'redirect'>> = ({ redirect: { kind, uri } }) => {
  switch (kind) {
    case 'loopback':
      return (
        <>
          <span class="mono">{new URL(uri).hostname}</span> (this computer)
        </>
      )
    case 'app':
      return (
        <>
          the app behind <span class="mono">{new URL(uri).protocol}</span> links
        </>
      )
    case 'web':
      return <Address uri={uri} />
  }
}

const Address: FC<{ readonly uri: string }> = ({ uri }) => {
  const { subdomain, owner, path } = toDisplayAddress(uri)
  return (
    <span class="address">
      {subdomain}
      <b>{owner}</b>
      {path === '' ? null : (
        <>
          <wbr />
          {path}
        </>
      )}
    </span>
  )
}

const Abilities: FC<Pick<ConsentPageProps, 'asksToWrite' | 'isStepUp'>> = ({ asksToWrite, isStepUp }) => (
  <section>
    <h2>{isStepUp ? 'It can read already. With your yes it will be able to' : 'It will be able to'}</h2>
    <ul class="can">
      {isStepUp ? null : (
        <>
          <li>read the repositories, issues and pull requests that you can read</li>
          <li>see your name and organizations</li>
        </>
      )}
      {asksToWrite ? (
        <li>
          {isStepUp ? <span class="tag">New</span> : null}
          create and edit issues, comments, labels, milestones, pull requests, reviews, releases and branches, where
          this server’s policy allows it
        </li>
      ) : (
        <li class="no">not change anything: it will ask again before it may write</li>
      )}
      <li class="no">never merge, delete, push or change settings</li>
    </ul>
  </section>
)

const EXPIRIES: readonly (readonly [ConsentExpiry, string])[] = [
  ['never', 'Until I end it'],
  ['day', '1 day'],
  ['month', '30 days'],
]

const Narrow: FC<{ asksToWrite: boolean; narrow: NarrowFields; problem: string | undefined }> = ({
  asksToWrite,
  narrow,
  problem,
}) => (
  <details open={problem !== undefined}>
    <summary>
      Narrow it <span class="small">repositories, time</span>
    </summary>
    <div class="fields">
      {asksToWrite ? (
        <label class="choice">
          <input type="checkbox" name="read_only" value="yes" checked={narrow.readOnly} />
          <span>Reading only, though it asks to write</span>
        </label>
      ) : null}
      <div>
        <label class="label" for="repositories">
          Only these repositories
        </label>
        <textarea
          id="repositories"
          name="repositories"
          rows={3}
          maxlength={10000}
          placeholder={'owner/name, one per line'}
          spellcheck={false}
          autocapitalize="none"
          aria-describedby="repositories-help"
          aria-invalid={problem === undefined ? undefined : 'true'}
        >
          {narrow.repositories}
        </textarea>
        {problem === undefined ? null : (
          <p class="error" role="alert">
            {problem}
          </p>
        )}
        <p class="small" id="repositories-help">
          Left empty: all repositories you can reach.
        </p>
      </div>
      <fieldset>
        <legend>For how long</legend>
        {EXPIRIES.map(([value, label]) => (
          <label class="choice">
            <input type="radio" name="expiry" value={value} checked={narrow.expiry === value} />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
    </div>
  </details>
)
