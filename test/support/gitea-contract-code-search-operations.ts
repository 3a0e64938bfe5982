/** What code search asks of Gitea besides trees and blobs. */
import { expect } from 'vitest'
import { streamArchive } from '../../src/gitea/archive.js'
import { readArchive } from '../../src/search/archive-files.js'
import type { Exchanges } from './contract-exchange.js'

const booking = { owner: 'harbor', repo: 'booking' }
const limits = { maxFileBytes: 100_000, maxBytes: 10_000_000, algorithm: 'sha1' } as const
/** The id of the ignore file in the story of seed-booking.ts. */
const GITIGNORE = 'deed335be2e2ec2e2ac0bba075b6586c3214ba2b'

export const codeSearchExchanges: Exchanges = {
  getArchive: {
    send: async (client) => ({
      ids: await streamArchive(client, { ...booking, commit: 'main', maxBytes: 10_000_000 }, async (chunks) => {
        const ids: string[] = []
        for await (const { id } of readArchive(chunks, limits)) ids.push(id)
        return ids
      }),
    }),
    parsed: { ids: expect.arrayContaining([GITIGNORE]) },
  },
}
