import { z } from 'zod'
import { getRepository } from '../gitea/repos.js'
import { defineTool } from './define-tool.js'
import { count, toDay, toOneLine, toSize, toText } from './lines.js'
import { owner, repo } from './params.js'

export const getRepositoryInfo = defineTool({
  name: 'get_repository_info',
  title: 'Get repository',
  description: 'Default branch, visibility, access, open work.',
  effect: 'read',
  toolset: 'repositories',
  scope: 'read:repository',
  operations: ['getRepository'],
  input: z.strictObject({ owner, repo }),
  output: z.object({
    owner: z.string(),
    name: z.string(),
    description: z.string(),
    visibility: z.enum(['private', 'internal', 'public']),
    default_branch: z.string(),
    access: z.enum(['read', 'write', 'admin']),
    archived: z.boolean(),
    empty: z.boolean(),
    fork: z.boolean(),
    mirror: z.boolean(),
    template: z.boolean(),
    language: z.string(),
    size_bytes: z.number(),
    topics: z.array(z.string()),
    licenses: z.array(z.string()),
    website: z.string(),
    url: z.string(),
    stars: z.number(),
    forks: z.number(),
    open_issues: z.number().nullable(),
    open_pull_requests: z.number().nullable(),
    updated_at: z.string(),
  }),
  async run({ owner, repo }, { gitea }) {
    const repository = await getRepository(gitea, { owner, repo })
    const { permissions } = repository
    return {
      owner: repository.owner,
      name: repository.name,
      description: repository.description,
      visibility: repository.visibility,
      default_branch: repository.defaultBranch,
      // rights on single units (issues only, code only) do not show here
      access: permissions.admin ? 'admin' : permissions.push ? 'write' : 'read',
      archived: repository.isArchived,
      empty: repository.isEmpty,
      fork: repository.isFork,
      mirror: repository.isMirror,
      template: repository.isTemplate,
      language: repository.language,
      size_bytes: repository.sizeKib * 1024,
      topics: repository.topics,
      licenses: repository.licenses,
      website: repository.website,
      url: repository.url,
      stars: repository.stars,
      forks: repository.forks,
      open_issues: repository.hasIssues ? repository.openIssues : null,
      open_pull_requests: repository.hasPulls ? repository.openPulls : null,
      updated_at: repository.updatedAt,
    }
  },
  render(info) {
    const kinds = [
      info.visibility,
      info.archived ? 'archived (read-only)' : '',
      info.fork ? 'fork' : '',
      info.mirror ? 'mirror' : '',
      info.template ? 'template' : '',
    ]
    const issues = info.open_issues === null ? 'issues off' : count(info.open_issues, 'open issue')
    const pulls =
      info.open_pull_requests === null ? 'pull requests off' : count(info.open_pull_requests, 'open pull request')
    return toText([
      `${info.owner}/${info.name}${info.description === '' ? '' : `: ${toOneLine(info.description)}`}`,
      `${kinds.filter((kind) => kind !== '').join(', ')}; the person may ${ACCESS[info.access]}`,
      info.empty
        ? 'Empty: it has no commits yet'
        : `Default branch ${info.default_branch}, ${toSize(info.size_bytes)}${info.language === '' ? '' : `, mostly ${info.language}`}`,
      `${issues}, ${pulls}, ${count(info.stars, 'star')}, ${count(info.forks, 'fork')}, updated ${toDay(info.updated_at)}`,
      info.topics.length === 0 ? '' : `Topics: ${info.topics.join(', ')}`,
      info.licenses.length === 0 ? '' : `Licence: ${info.licenses.join(', ')}`,
      info.website === '' ? '' : `Website: ${toOneLine(info.website)}`,
      info.url,
    ])
  },
})

const ACCESS = { read: 'read', write: 'read and write', admin: 'administer' } as const
