import { z } from 'zod'
import { getLatestRelease as loadRelease } from '../gitea/releases.js'
import { defineTool } from './define-tool.js'
import { owner, repo, startLine } from './params.js'
import { describeRelease, ReleaseFacts, toReleaseFacts } from './release-rows.js'

export const getLatestRelease = defineTool({
  name: 'get_latest_release',
  title: 'Show latest release',
  description: 'Newest release, no draft or prerelease.',
  effect: 'read',
  toolset: 'releases',
  scope: 'read:repository',
  operations: ['getLatestRelease'],
  input: z.strictObject({ owner, repo, start_line: startLine }),
  output: z.object({ release: ReleaseFacts }),
  async run({ owner, repo, start_line }, { gitea, limits, maskSecrets }) {
    const release = await loadRelease(gitea, { owner, repo })
    return { release: toReleaseFacts(release, start_line, limits.maxChars, maskSecrets) }
  },
  render: ({ release }, { owner, repo }) => describeRelease(release, `${owner}/${repo}`),
})
