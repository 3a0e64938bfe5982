import { z } from 'zod'
import { listLanguages } from '../gitea/repos.js'
import { defineTool } from './define-tool.js'
import { toOneLine, toSize } from './lines.js'
import { owner, repo } from './params.js'

export const getRepoLanguages = defineTool({
  name: 'get_repo_languages',
  title: 'Show languages',
  description: 'Programming languages by share.',
  effect: 'read',
  toolset: 'repositories',
  scope: 'read:repository',
  operations: ['getLanguages'],
  input: z.strictObject({ owner, repo }),
  output: z.object({ languages: z.array(z.object({ name: z.string(), bytes: z.number() })), bytes: z.number() }),
  async run({ owner, repo }, { gitea }) {
    const languages = (await listLanguages(gitea, { owner, repo })).map(({ name, bytes }) => ({ name, bytes }))
    return { languages, bytes: languages.reduce((sum, language) => sum + language.bytes, 0) }
  },
  render({ languages, bytes }, { owner, repo }) {
    const where = `${owner}/${repo}`
    if (languages.length === 0) return `${where}: no code whose language Gitea knows, or it has not counted yet.`
    const shares = languages.map((language) => `${toOneLine(language.name)} ${toShare(language.bytes / bytes)}`)
    return `${where}: ${shares.join(', ')} of ${toSize(bytes)}.`
  },
})

function toShare(part: number): string {
  if (part > 0 && part < 0.001) return '<0.1%'
  if (part < 1 && part > 0.999) return '>99.9%'
  return `${Number((part * 100).toFixed(1))}%`
}
