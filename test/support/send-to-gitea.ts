import type { GiteaUnderTest } from './gitea-under-test.js'

/**
 * One request to a Gitea's API as somebody, for what the story does not hold and tests need. Returns the parsed answer.
 *
 * @throws Error with Gitea's words unless it answers 2xx
 */
export async function sendToGitea(
  gitea: GiteaUnderTest,
  login: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const token = await gitea.createToken(login, ['all'])
  const response = await fetch(`${gitea.url}/api/v1${path}`, {
    method,
    headers: { authorization: `token ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
  return text.trim() === '' ? undefined : JSON.parse(text)
}
