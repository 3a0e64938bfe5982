import { z } from 'zod'
import type { JobContext } from '../define-job.js'

/** What a job that sets a status has to declare. */
export const STATUS_TOOLS = ['get_commit_status', 'create_commit_status'] as const

interface StatusWord {
  /** Full id of the commit. */
  readonly sha: string
  /** `aegis/…` */
  readonly context: string
  readonly state: 'success' | 'failure' | 'warning'
  readonly description: string
  readonly url?: string
}

const Checks = z.object({
  checks: z.array(z.object({ name: z.string(), state: z.string(), description: z.string(), url: z.string() })),
})

/** Sets the status of a commit, unless it says just that already. */
export async function setStatus<Parameters>(
  { id, repository, read, change }: JobContext<Parameters>,
  { sha, context, state, description, url = '' }: StatusWord,
): Promise<void> {
  const find = async () => {
    const { checks } = await read('get_commit_status', { ...repository, sha }, Checks)
    return checks.find((check) => check.name === context)
  }
  const last = await find()
  const isSaid = (said: typeof last) => said?.state === state && said.description === description && said.url === url
  if (isSaid(last)) {
    return
  }
  await change({
    key: `status:${repository.owner}/${repository.repo}:${sha}:${context}:${state}:${id}`.toLowerCase(),
    tool: 'create_commit_status',
    args: { ...repository, sha, context, state, description, ...(url === '' ? {} : { target_url: url }) },
    what: `say ${state} as ${context} of ${sha.slice(0, 10)}`,
    find: async () => {
      const said = await find()
      return said !== undefined && isSaid(said) ? { sha, state } : undefined
    },
  })
}
