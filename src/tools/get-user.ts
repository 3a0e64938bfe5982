import { z } from 'zod'
import { getUser as loadUser } from '../gitea/users.js'
import { defineTool } from './define-tool.js'
import { toDay, toOneLine, toText } from './lines.js'
import { owner } from './params.js'

export const getUser = defineTool({
  name: 'get_user',
  title: 'Show user',
  description: 'Profile of a user or organization.',
  effect: 'read',
  toolset: 'people',
  scope: 'read:repository',
  operations: ['getUser'],
  input: z.strictObject({ username: owner }),
  output: z.object({
    id: z.number(),
    login: z.string(),
    full_name: z.string(),
    description: z.string(),
    location: z.string(),
    website: z.string(),
    visibility: z.string(),
    created_at: z.string(),
  }),
  async run({ username }, { gitea }) {
    const { id, login, fullName, description, location, website, visibility, createdAt } = await loadUser(
      gitea,
      username,
    )
    return { id, login, full_name: fullName, description, location, website, visibility, created_at: createdAt }
  },
  render({ login, full_name, description, location, website, visibility, created_at }) {
    const hidden = visibility === 'public' || visibility === '' ? '' : `, ${visibility}`
    return toText([
      `${login}${full_name === '' ? '' : ` (${toOneLine(full_name)})`}, here since ${toDay(created_at)}${hidden}`,
      describe('Says', description),
      describe('Location', location),
      describe('Website', website),
    ])
  },
})

/** A profile is free text by its owner, kept to its own line. */
function describe(name: string, value: string): string {
  return value.trim() === '' ? '' : `${name}: ${toOneLine(value)}`
}
