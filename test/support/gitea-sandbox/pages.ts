/** The sandbox's HTML pages: plain, with the same forms, field names and hidden inputs as Gitea's. */

function escapeHtml(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

function page(title: string, body: string): string {
  return `<!DOCTYPE html>
<html lang="en-US"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} - Gitea: Git with a cup of tea</title>
<style>
body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f6f7fa;color:#1f2328}
main{max-width:26rem;margin:3rem auto;padding:1.5rem;background:#fff;border:1px solid #d0d7de;border-radius:.5rem}
h1{font-size:1.25rem;margin-top:0}label{display:block;margin:.75rem 0 .25rem}
input[type=text],input[type=password]{width:100%;box-sizing:border-box;padding:.5rem;border:1px solid #d0d7de;border-radius:.25rem}
button{margin:1rem .5rem 0 0;padding:.5rem 1rem;border:1px solid #d0d7de;border-radius:.25rem;background:#fff;cursor:pointer}
button.primary{background:#609926;border-color:#609926;color:#fff}.error{color:#b3261e}
footer{max-width:26rem;margin:0 auto;font-size:.8rem;color:#57606a}
</style></head><body><main>${body}</main>
<footer>Sandbox Gitea: it behaves like Gitea for tests and demos, and forgets everything when it stops.</footer></body></html>
`
}

function hidden(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`)
    .join('\n')
}

export function renderLogin(csrf: string, userName = '', error = ''): string {
  return page(
    'Sign In',
    `<h1>Sign In</h1>${error ? `<p class="error">${escapeHtml(error)}</p>` : ''}
<form action="/user/login" method="post">
${hidden({ _csrf: csrf })}
<label for="user_name">Username or Email Address</label>
<input id="user_name" type="text" name="user_name" value="${escapeHtml(userName)}" autofocus required>
<label for="password">Password</label>
<input id="password" name="password" type="password" value="" autocomplete="current-password" required>
<label><input name="remember" type="checkbox"> Remember This Device</label>
<button class="primary">Sign In</button>
</form>`,
  )
}

export interface ConsentPage {
  readonly csrf: string
  readonly applicationName: string
  readonly ownerLogin: string
  readonly clientId: string
  readonly state: string
  readonly scope: string
  readonly nonce: string
  readonly redirectUri: string
  readonly isFullAccess: boolean
}

export function renderConsent(consent: ConsentPage): string {
  const { csrf, clientId, state, scope, nonce, redirectUri } = consent
  return page(
    'Authorize',
    `<h1>Authorize "${escapeHtml(consent.applicationName)}" to access your account?</h1>
${
  consent.isFullAccess
    ? '<p><b>If you grant the access, it will be able to access and write to all your account information, including private repos and organisations.</b></p>'
    : ''
}<p>This application was created by <a href="/${escapeHtml(consent.ownerLogin)}">@${escapeHtml(consent.ownerLogin)}</a>.</p>
<p>With scopes: <b>${escapeHtml(scope)}</b></p>
<p>You will be redirected to <strong>${escapeHtml(redirectUri)}</strong> if you authorize this application.</p>
<form method="post" action="/login/oauth/grant">
${hidden({ _csrf: csrf, client_id: clientId, state, scope, nonce, redirect_uri: redirectUri })}
<button type="submit" id="authorize-app" name="granted" value="true" class="primary">Authorize Application</button>
<button type="submit" name="granted" value="false">Cancel</button>
</form>`,
  )
}

export function renderAuthorizeError(code: string, description: string): string {
  return page(
    'Authorization failed',
    `<h1>Authorization failed: ${escapeHtml(code)}</h1><p>${escapeHtml(description)}</p>`,
  )
}

export function renderMessage(title: string, message: string): string {
  return page(title, `<h1>${escapeHtml(title)}</h1><p>${escapeHtml(message)}</p>`)
}

/** The signed-in person's applications, with the form that revokes each grant. */
export function renderApplications(
  csrf: string,
  grants: readonly { readonly id: number; readonly name: string; readonly scope: string }[],
): string {
  const rows = grants.map(
    ({ id, name, scope }) => `<li>${escapeHtml(name)} <small>${escapeHtml(scope)}</small>
<form method="post" action="/user/settings/applications/oauth2/0/revoke/${id}">${hidden({ _csrf: csrf })}
<button type="submit">Revoke</button></form></li>`,
  )
  return page('Settings', `<h1>Authorized OAuth2 Applications</h1><ul>${rows.join('')}</ul>`)
}

export function renderHome(login: string | undefined): string {
  return page(
    'Home',
    `<h1>Sandbox Gitea</h1><p>${
      login
        ? `Signed in as ${escapeHtml(login)}. <a href="/user/settings/applications">Applications</a>`
        : '<a href="/user/login">Sign In</a>'
    }</p>`,
  )
}
