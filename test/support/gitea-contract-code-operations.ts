/** Git objects and refs, as the store over them asks for them. */
import { expect } from 'vitest'
import { listCommitsBetween } from '../../src/gitea/compare.js'
import { getContents } from '../../src/gitea/contents.js'
import { findReference, getTree, loadBlobBytes } from '../../src/gitea/git-data.js'
import type { Exchanges } from './contract-exchange.js'

const booking = { owner: 'harbor', repo: 'booking' }
const id = expect.stringMatching(/^[0-9a-f]{40}$/)
const count = expect.any(Number)
/** The id of the ignore file in the story of seed-booking.ts. */
const GITIGNORE = 'deed335be2e2ec2e2ac0bba075b6586c3214ba2b'

export const codeReadExchanges: Exchanges = {
  getRefs: {
    send: (client) => findReference(client, { ...booking, name: 'heads/feature/refund-window' }),
    parsed: { type: 'commit', id },
  },
  getTree: {
    send: (client) =>
      getTree(client, { ...booking, treeish: 'feature/refund-window:src/booking', recursive: false, page: 1 }),
    parsed: {
      id,
      entries: expect.arrayContaining([{ path: 'cancel-rules.ts', type: 'file', id, sizeBytes: count }]),
      isLast: true,
      total: count,
    },
  },
  compareRefs: {
    send: (client) => listCommitsBetween(client, { ...booking, base: 'main', head: 'feature/refund-window' }),
    parsed: [{ sha: id, author: 'alice', message: expect.stringContaining('full refund within a day') }],
  },
  getBlob: {
    send: async (client) => ({ bytes: await loadBlobBytes(client, { ...booking, id: GITIGNORE, maxBytes: 1000 }) }),
    parsed: { bytes: expect.any(Buffer) },
  },
  getContents: {
    send: (client) => getContents(client, { ...booking, filepath: 'README.md', ref: 'main', maxBytes: 100_000 }),
    parsed: { type: 'file', id, sizeBytes: count, bytes: expect.any(Buffer) },
  },
}
