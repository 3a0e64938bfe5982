import { z } from 'zod'
import { getCurrentUser } from '../gitea/users.js'
import { defineTool } from './define-tool.js'
import { toOneLine } from './lines.js'

export const getMe = defineTool({
  name: 'get_me',
  title: 'Who am I',
  description: 'The Gitea person whose rights every call uses.',
  effect: 'read',
  toolset: 'people',
  scope: 'read:repository',
  operations: ['getCurrentUser'],
  input: z.strictObject({}),
  output: z.object({ id: z.number(), login: z.string(), full_name: z.string(), admin: z.boolean() }),
  async run(_input, { gitea }) {
    const { id, login, fullName, isAdmin } = await getCurrentUser(gitea)
    return { id, login, full_name: fullName, admin: isAdmin }
  },
  render({ login, full_name, admin }) {
    return `${login}${full_name === '' ? '' : ` (${toOneLine(full_name)})`}${admin ? ', administrator of this Gitea' : ''}`
  },
})
