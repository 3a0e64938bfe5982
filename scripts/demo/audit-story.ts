import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { Installation } from '../../test/support/server-beside-sandbox.js'
import { runChild } from '../run-child.js'
import { expectSeen, type Narrator } from './narrator.js'

/** Longer than the story's AUDIT_CHECKPOINT_SECONDS, so that everything so far is signed. */
const UNTIL_SIGNED_MS = 1500
const VERIFIER = `${process.cwd()}/scripts/verify-audit.mjs`

const Entry = z.object({
  seq: z.number(),
  type: z.string(),
  status: z.string().default(''),
  tool: z.string().default(''),
  actor: z.object({ login: z.string().default('') }).default({ login: '' }),
  target: z.object({ repository: z.string().optional(), path: z.string().optional() }).default({}),
  // what a call that was refused asked for is in its arguments
  arguments: z
    .object({ owner: z.string().optional(), repo: z.string().optional(), filepath: z.string().optional() })
    .default({}),
  reason: z.string().optional(),
  outcome: z.object({ code: z.string().optional(), masked: z.number().default(0) }).optional(),
})
type Entry = z.infer<typeof Entry>

/** The log of everything before: shown, checked on the server, checked elsewhere, and tampered with. */
export async function playAudit(installation: Installation, say: Narrator): Promise<void> {
  const exportPath = join(installation.folder, 'audit.jsonl')
  const keyPath = join(installation.folder, 'audit-public.pem')
  const checkOffline = (file: string) =>
    runChild({ command: process.execPath, args: [VERIFIER, file, '--key', keyPath], timeoutMs: 30_000 })
  let exported = ''

  await say.step('All of it is in the audit log, the refusals too', async () => {
    await delay(UNTIL_SIGNED_MS)
    exported = await readOutput(installation, 'export')
    const entries = readEntries(exported)
    const shown = entries.filter(isTold)
    expectSeen(shown.length === 7, 'seven entries of the story', shown.map(toLine).join(' | '))
    say.gets(...shown.map(toLine))
    say.note('“pending” is on disk before Gitea hears of the call, so nothing can happen there unrecorded.')
  })

  await say.step('The log can be proven: its entries are chained by hashes, and the chain is signed', async () => {
    const onServer = await installation.run(['audit', 'verify'])
    expectSeen(
      onServer.code === 0 && onServer.printed.includes('Signed up to entry'),
      'an intact log',
      onServer.printed,
    )
    say.asks('aegis audit verify          (beside the running server)')
    say.gets(...onServer.printed.split('\n').slice(0, 2))
    writeFileSync(exportPath, exported)
    writeFileSync(keyPath, await readOutput(installation, 'public-key'))
    const offline = await checkOffline(exportPath)
    expectSeen(offline.code === 0 && offline.output.includes('is intact'), 'an intact export', offline.output)
    say.asks('node verify-audit.mjs audit.jsonl --key audit-public.pem   (anywhere, with nothing but Node)')
    say.gets(...offline.lines.slice(0, 1))
  })

  await say.step('Somebody changes one byte of the export, to hide that a file held secrets', async () => {
    const entry = readEntries(exported).find(({ outcome }) => outcome?.masked === 4)
    expectSeen(entry !== undefined, 'an entry with four masked secrets', exported)
    const forgedPath = join(installation.folder, 'forged.jsonl')
    writeFileSync(forgedPath, exported.replace('"masked":4', '"masked":0'))
    const { code, lines, output } = await checkOffline(forgedPath)
    expectSeen(code === 1 && output.includes(`ntry ${entry.seq}`), `entry ${entry.seq} to be named`, output)
    say.asks(`entry ${entry.seq}: "masked":4 becomes "masked":0, then node verify-audit.mjs`)
    say.refused(...lines)
  })
}

async function readOutput(installation: Installation, what: 'export' | 'public-key'): Promise<string> {
  const { code, output, printed } = await installation.run(['audit', what])
  expectSeen(code === 0 && output !== '', `aegis audit ${what} to print`, printed)
  return output
}

function readEntries(exported: string): Entry[] {
  return exported
    .split('\n')
    .filter((line) => line.includes('"entry_hash"'))
    .map((line) => Entry.parse(JSON.parse(line)))
}

/** Of two entries for a call that ended well, the second, and both for the one that wrote. */
function isTold({ type, tool, status, target, outcome }: Entry): boolean {
  return (
    type === 'access_denied' ||
    (tool === 'create_issue' && type === 'tool_invocation') ||
    (target.path === 'deploy/booking.env' && status === 'success') ||
    outcome?.code === 'not_found'
  )
}

function toLine({ seq, type, actor, tool, target, arguments: asked, status, reason, outcome }: Entry): string {
  const repository = target.repository ?? [asked.owner, asked.repo].join('/')
  const what = `${repository} ${target.path ?? asked.filepath ?? ''}`
  const masked = outcome?.masked ? `${outcome.masked} secrets masked` : undefined
  const how =
    type === 'access_denied' ? `refused: ${reason}` : [status, outcome?.code ?? masked].filter(Boolean).join(', ')
  return `#${String(seq).padEnd(3)} ${actor.login.padEnd(8)}${tool.padEnd(18)}${what.padEnd(33)}${how}`
}
