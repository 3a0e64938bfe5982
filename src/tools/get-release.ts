import { z } from 'zod'
import { getRelease as loadRelease } from '../gitea/releases.js'
import { defineTool } from './define-tool.js'
import { countingFrom1, owner, repo, startLine } from './params.js'
import { describeRelease, ReleaseFacts, toReleaseFacts } from './release-rows.js'

export const getRelease = defineTool({
  name: 'get_release',
  title: 'Show release',
  description: 'One release with text and files.',
  effect: 'read',
  toolset: 'releases',
  scope: 'read:repository',
  operations: ['getRelease'],
  input: z.strictObject({ owner, repo, release_id: countingFrom1(), start_line: startLine }),
  output: z.object({ release: ReleaseFacts }),
  async run({ owner, repo, release_id, start_line }, { gitea, limits, maskSecrets }) {
    const release = await loadRelease(gitea, { owner, repo, id: release_id })
    return { release: toReleaseFacts(release, start_line, limits.maxChars, maskSecrets) }
  },
  render: ({ release }, { owner, repo }) => describeRelease(release, `${owner}/${repo}`),
})
