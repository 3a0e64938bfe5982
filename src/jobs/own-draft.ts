import { z } from 'zod'
import type { JobContext } from './define-job.js'
import { next, readPages } from './read-pages.js'

const Releases = z.object({
  releases: z.array(z.object({ id: z.int(), draft: z.boolean(), author: z.string() })),
  next,
})
const Release = z.object({ release: z.object({ id: z.int(), tag: z.string(), body: z.string() }) })

/** What a job that keeps a draft has to declare, besides the tools that write it. */
export const OWN_DRAFT_TOOLS = ['list_releases', 'get_release'] as const

/**
 * The draft release of the automation's own account whose text has the mark; undefined when there is none.
 *
 * @throws ToolRefused
 */
export async function findOwnDraft<Parameters>(context: JobContext<Parameters>, marker: string) {
  for await (const { releases } of readPages(context, 'list_releases', {}, Releases)) {
    for (const { id } of releases.filter(({ draft, author }) => draft && author === context.login)) {
      const { release } = await context.read('get_release', { ...context.repository, release_id: id }, Release)
      if (release.body.includes(marker)) return release
    }
  }
  return undefined
}
