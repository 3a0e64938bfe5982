import { appendFile, readFile } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { InvalidInput, toErrorText } from '../../lib/errors.js'
import { MINUTE } from '../../lib/units.js'
import { defineJob, type JobContext, type JobReport } from '../define-job.js'
import { findOwnDraft, OWN_DRAFT_TOOLS } from '../own-draft.js'
import { toMarker } from './markers.js'

/*
 * The signed head of the audit log, kept where this server does not keep its log: whoever cuts or rewrites the log
 * afterwards cannot make it agree with what was published (`aegis audit verify --checkpoint`).
 */

const NAME = 'audit_checkpoint_publish'
/** What one reading of a release note brings; the newest head vouches for all before it, and a file holds all. */
const MOST_LINES = 10

const parameters = z.strictObject({
  file: z
    .string()
    .max(1000)
    .refine((path) => path === '' || isAbsolute(path), 'must be an absolute path')
    .default('')
    .describe('A file that each new head is added to as one line, best on another machine’s disk; empty for none.'),
  release: z
    .string()
    .max(100)
    .default('aegis-audit')
    .describe('Tag of a draft release in this repository that shows the last heads; empty for none.'),
})
type Context = JobContext<z.output<typeof parameters>>

export const auditCheckpointPublish = defineJob({
  name: NAME,
  title: 'Publish the head of the audit log',
  description: 'Writes the signed head of the audit log to a file and into a draft release of a chosen repository.',
  tools: [...OWN_DRAFT_TOOLS, 'create_release', 'edit_release'],
  deadlineMs: 2 * MINUTE,
  maxAttempts: 10,
  events: [],
  // a file of the computer that the server runs on
  policyOnly: ['file'],
  parameters,
  dedupe: () => undefined,
  run,
})

async function run(context: Context): Promise<JobReport> {
  const line = context.findCheckpoint()
  if (line === undefined) {
    return { summary: 'No head has been signed yet.' }
  }
  const { file, release } = context.parameters
  if (file === '' && release === '') {
    throw new InvalidInput(`${NAME} needs a file or a release to write to.`)
  }
  const said = [
    ...(file === '' ? [] : [await writeFile(context, file, line)]),
    ...(release === '' ? [] : [await writeRelease(context, release, line)]),
  ]
  return { summary: said.join(' '), data: { checkpoint: line } }
}

async function writeFile({ dryRun }: Context, file: string, line: string): Promise<string> {
  const held = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw toFileProblem(file, error)
  })
  if (held.trimEnd().endsWith(line)) {
    return `${file} has the last head.`
  }
  if (dryRun) {
    return `Would add a head to ${file}.`
  }
  await appendFile(file, `${line}\n`, { mode: 0o640 }).catch((error: unknown) => {
    throw toFileProblem(file, error)
  })
  return `Added a head to ${file}.`
}

function toFileProblem(file: string, error: unknown): InvalidInput {
  return new InvalidInput(`${file} cannot be written: ${toErrorText(error)}`)
}

async function writeRelease(context: Context, tag: string, line: string): Promise<string> {
  const marker = toMarker(NAME, 'heads')
  const found = await findOwnDraft(context, marker)
  const held = found?.body.split('\n').filter((text) => text.startsWith('{"checkpoint":')) ?? []
  if (held[0] === line) {
    return `The draft ${tag} has the last head.`
  }
  const body = [
    'Signed heads of the audit log, the newest first. `aegis audit verify --checkpoint` checks the log against them.',
    `\`\`\`json\n${[line, ...held].slice(0, MOST_LINES).join('\n')}\n\`\`\``,
    marker,
  ].join('\n\n')
  if (found === undefined) {
    await context.change({
      key: `${NAME}:${context.id}:create`,
      tool: 'create_release',
      args: { ...context.repository, tag_name: tag, name: 'Audit log', body, draft: true },
      what: `draft the release ${tag}`,
      find: async () => {
        const made = await findOwnDraft(context, marker)
        return made === undefined ? undefined : { id: made.id }
      },
    })
  } else {
    await context.change({
      key: `${NAME}:${context.id}:edit`,
      tool: 'edit_release',
      args: { ...context.repository, release_id: found.id, body },
      what: `add a head to the draft ${tag}`,
    })
  }
  return `The draft ${tag} shows the last head.`
}
