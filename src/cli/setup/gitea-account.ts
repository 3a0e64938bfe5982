/** The few requests `aegis setup` makes at Gitea as the person who creates the application. */
import { z } from 'zod'
import { InvalidInput } from '../../lib/errors.js'
import { toTerminalText } from '../command.js'
import { findJson, probe } from '../http-probe.js'
import type { SetupCredential } from './answers.js'

const PAGE_SIZE = 50
const MAX_PAGES = 40

const Owner = z.object({ login: z.string().min(1), is_admin: z.boolean().default(false) })
const Application = z.object({
  id: z.number().int(),
  name: z.string(),
  client_id: z.string().regex(/^[\w-]+$/),
  redirect_uris: z.array(z.string()).nullable(),
})
const ApplicationWithSecret = Application.extend({ client_secret: z.string().regex(/^[\w-]+$/) })

type GiteaApplication = z.infer<typeof Application>
export type GiteaApplicationWithSecret = z.infer<typeof ApplicationWithSecret>

/** Gitea does not know the credential, or wants a one-time code with it: it answers both alike. */
export class CredentialRefused extends InvalidInput {}

export interface GiteaAccount {
  /** Whose application it becomes. */
  loadOwner(): Promise<{ readonly login: string; readonly isAdmin: boolean }>
  loadApplications(): Promise<GiteaApplication[]>
  createApplication(name: string, redirectUri: string): Promise<GiteaApplicationWithSecret>
  /** Sets the redirect address and makes a new secret, from when on the old one is worth nothing. */
  replaceApplication(id: number, name: string, redirectUri: string): Promise<GiteaApplicationWithSecret>
}

/** Every method throws InvalidInput, saying what to change, when Gitea says no. */
export function createGiteaAccount(giteaUrl: string, credential: SetupCredential): GiteaAccount {
  const headers = toHeaders(credential)

  const ask = async <Schema extends z.ZodType>(
    schema: Schema,
    path: string,
    init: { readonly method?: string; readonly body?: unknown } = {},
  ): Promise<z.infer<Schema>> => {
    const result = await probe(`${giteaUrl}/api/v1${path}`, {
      method: init.method ?? 'GET',
      headers: { ...headers, accept: 'application/json', ...(init.body === undefined ? {} : JSON_BODY) },
      ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
    })
    if ('failure' in result) {
      throw new InvalidInput(`${giteaUrl} cannot be reached: ${result.failure}.`)
    }
    const { answer } = result
    if (answer.status === 401) {
      throw new CredentialRefused(toRefusal(credential))
    }
    if (answer.status === 403) {
      throw new InvalidInput(toProhibition(answer.text, credential))
    }
    const parsed = schema.safeParse(findJson(answer))
    if (answer.status >= 300 || !parsed.success) {
      throw new InvalidInput(
        `Gitea did not do it: ${init.method ?? 'GET'} ${path.replace(/\?.*/, '')} answered ${answer.status}. Look at Gitea’s log.`,
        { detail: answer.text.slice(0, 500) },
      )
    }
    return parsed.data
  }

  const toBody = (name: string, redirectUri: string) => ({
    name,
    redirect_uris: [redirectUri],
    // Gitea’s default is a public client, which has no secret worth the name
    confidential_client: true,
  })

  return {
    loadOwner: async () => {
      const { login, is_admin: isAdmin } = await ask(Owner, '/user')
      return { login: toTerminalText(login), isAdmin }
    },
    loadApplications: async () => {
      const found: GiteaApplication[] = []
      for (let page = 1; page <= MAX_PAGES; page++) {
        const rows = await ask(z.array(Application), `/user/applications/oauth2?page=${page}&limit=${PAGE_SIZE}`)
        found.push(...rows)
        if (rows.length < PAGE_SIZE) {
          break
        }
      }
      return found
    },
    createApplication: (name, redirectUri) =>
      ask(ApplicationWithSecret, '/user/applications/oauth2', { method: 'POST', body: toBody(name, redirectUri) }),
    replaceApplication: (id, name, redirectUri) =>
      ask(ApplicationWithSecret, `/user/applications/oauth2/${id}`, {
        method: 'PATCH',
        body: toBody(name, redirectUri),
      }),
  }
}

const JSON_BODY = { 'content-type': 'application/json' }

function toHeaders(credential: SetupCredential): Record<string, string> {
  if (credential.kind === 'token') {
    return { authorization: `token ${credential.token.reveal()}` }
  }
  const pair = Buffer.from(`${credential.username}:${credential.password.reveal()}`, 'utf8').toString('base64')
  return { authorization: `Basic ${pair}`, ...(credential.otp === undefined ? {} : { 'x-gitea-otp': credential.otp }) }
}

function toRefusal(credential: SetupCredential): string {
  if (credential.kind === 'token') {
    return 'Gitea does not know this token. Make one under Settings → Applications with the scope write:user.'
  }
  return credential.otp === undefined
    ? 'Gitea does not accept this user name and password. With two-factor sign-in give the code with --otp, or use a token with the scope write:user.'
    : 'Gitea does not accept this user name, password and code. A code works for half a minute; a token with the scope write:user needs none.'
}

/** Gitea’s own words are only looked at to tell the cases apart. */
function toProhibition(words: string, credential: SetupCredential): string {
  if (/change your password/i.test(words)) {
    return 'This person must change their password first: sign in to Gitea in a browser once.'
  }
  if (/prohibit|not activated/i.test(words)) {
    return 'This account may not sign in to Gitea. Use another one.'
  }
  return credential.kind === 'token'
    ? 'This token may not create applications. Make one with the scope write:user.'
    : 'Gitea does not let this account create applications. Use another one.'
}
