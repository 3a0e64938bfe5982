import { z } from 'zod'
import { callTool, type Gate } from '../gate/call.js'
import type { RepositoryName } from '../gitea/repos.js'
import type { Caller } from '../identity/caller.js'
import { createCallId, createRequestId } from '../lib/ids.js'
import { MINUTE } from '../lib/units.js'
import { ToolRefused } from './tool-refused.js'

const Page = z.object({
  repositories: z.array(z.object({ owner: z.string(), name: z.string(), archived: z.boolean() })),
  next: z.object({ page: z.int(), limit: z.int() }).optional(),
})

const FIRST = { page: 1, limit: 50 }
/** 5,000 repositories; who has more names them in the policy. */
const MOST_PAGES = 100

/**
 * Where a job without a repository of its own might work: what the policy names, and what the automation's account
 * belongs to. Whether it may is asked for each.
 *
 * @throws ToolRefused while Gitea does not say
 */
export async function listOwnRepositories(gate: Gate, caller: Caller, job: string): Promise<readonly RepositoryName[]> {
  const found = new Map<string, RepositoryName>()
  const add = (owner: string, repo: string) => found.set(`${owner}/${repo}`.toLowerCase(), { owner, repo })
  for (const { key } of gate.policy.current().repositories) {
    const [owner = '', repo = ''] = key.split('/')
    if (!/[*?]/.test(key)) {
      add(owner, repo)
    }
  }
  let wanted: typeof FIRST | undefined = FIRST
  for (let page = 0; page < MOST_PAGES && wanted !== undefined; page += 1) {
    const outcome = await callTool(gate, {
      tool: 'list_repositories',
      args: wanted,
      caller,
      id: createCallId(),
      requestId: createRequestId(),
      address: 'local',
      via: 'job',
      job,
      form: 'data',
      signal: AbortSignal.timeout(MINUTE),
    })
    // whoever may not list them at all still has those that the policy names
    if (!outcome.ok && outcome.refusal.code === 'policy') {
      break
    }
    if (!outcome.ok) {
      throw new ToolRefused('list_repositories', outcome.refusal)
    }
    const { repositories, next } = Page.parse(outcome.data)
    for (const { owner, name, archived } of repositories) {
      if (!archived) add(owner, name)
    }
    wanted = next
  }
  return [...found.values()]
}
