import { parse } from 'yaml'
import { z } from 'zod'
import { InvalidInput, toErrorText } from '../../lib/errors.js'
import { MINUTE } from '../../lib/units.js'
import { defineJob, type JobContext, type JobReport } from '../define-job.js'
import { readTextFile } from '../read-file.js'
import { next, readPages } from '../read-pages.js'

/*
 * The labels of a repository as a file in it says. Labels that the file does not name stay: nothing here deletes.
 */

const NAME = 'label_sync'
const MOST_LABELS = 300

const Label = z.strictObject({
  name: z.string().trim().min(1).max(50),
  color: z
    .string()
    .regex(/^#?[0-9a-fA-F]{6}$/, 'must be six hex digits like #00aabb, in quotes')
    .transform((value) => `#${value.replace('#', '').toLowerCase()}`),
  description: z.string().max(200).default(''),
  /** One of each `scope/`. */
  exclusive: z.boolean().default(false),
  /** Names it had: a label that still has one is renamed. */
  aliases: z.array(z.string().max(50)).max(20).default([]),
})
type Label = z.output<typeof Label>

const File = z.union([z.array(Label), z.strictObject({ labels: z.array(Label) }).transform(({ labels }) => labels)])

const Listed = z.object({
  labels: z.array(
    z.object({
      name: z.string(),
      color: z.string(),
      description: z.string(),
      of: z.enum(['repository', 'organisation']),
    }),
  ),
  next,
})
type Present = z.output<typeof Listed>['labels'][number]

const parameters = z.strictObject({
  path: z
    .string()
    .min(1)
    .max(500)
    .default('.gitea/labels.yml')
    .describe('The file on the default branch: a list of {name, color, description, exclusive, aliases}.'),
})
type Context = JobContext<z.output<typeof parameters>>

export const labelSync = defineJob({
  name: NAME,
  title: 'Labels from a file',
  description: 'Makes, renames, recolors and describes labels as a file in the repository says. Deletes none.',
  tools: ['get_file_contents', 'list_labels', 'create_label', 'update_label'],
  deadlineMs: 5 * MINUTE,
  maxAttempts: 5,
  events: ['push'],
  parameters,
  // whether the file was among what was pushed is seen when it is read: a list of changed files may be cut
  dedupe: ({ event, ref, default_branch: main }, repository) =>
    event === 'push' && ref === `refs/heads/${String(main)}` ? `${NAME}:${repository}`.toLowerCase() : undefined,
  run,
})

async function run(context: Context): Promise<JobReport> {
  const { path } = context.parameters
  const text = await readTextFile(context, path)
  if (text === undefined) {
    return { summary: `There is no ${path} on the default branch.` }
  }
  const wanted = parseLabels(text, path)
  const present = await listPresent(context)
  let made = 0
  let changed = 0
  const kept: string[] = []
  for (const label of wanted) {
    const found = findPresent(present, [label.name, ...label.aliases])
    if (found === undefined) {
      await create(context, label)
      made += 1
    } else if (found.of === 'organisation') {
      kept.push(found.name)
    } else if (await update(context, found, label)) {
      changed += 1
    }
  }
  const ofOrganisation = kept.length === 0 ? '' : ` ${kept.join(', ')}: of the organisation, not changed from here.`
  return {
    summary: `${made} made, ${changed} changed, ${wanted.length - made - changed} as they are.${ofOrganisation}`,
  }
}

/** @throws InvalidInput naming what to mend */
function parseLabels(text: string, path: string): readonly Label[] {
  let value: unknown
  // an edge: the file is written by people
  try {
    value = parse(text, { maxAliasCount: 0 })
  } catch (error) {
    throw new InvalidInput(`${path} is not YAML: ${toErrorText(error).slice(0, 300)}`)
  }
  const parsed = File.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new InvalidInput(
      `${path} is not a list of labels: ${issue === undefined ? '' : `${issue.path.join('.')}: ${issue.message}`}`,
    )
  }
  const labels = parsed.data
  if (labels.length > MOST_LABELS) {
    throw new InvalidInput(`${path} has ${labels.length} labels; at most ${MOST_LABELS} are kept in step.`)
  }
  const names = labels.map(({ name }) => name.toLowerCase())
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) {
    throw new InvalidInput(`${path} names the label “${twice}” twice.`)
  }
  return labels
}

async function listPresent(context: Context): Promise<readonly Present[]> {
  const found: Present[] = []
  for await (const { labels } of readPages(context, 'list_labels', {}, Listed)) found.push(...labels)
  return found
}

/** The name it shall have counts before the names it had. */
function findPresent(present: readonly Present[], names: readonly string[]): Present | undefined {
  for (const name of names) {
    const found = present.find((label) => label.name.toLowerCase() === name.toLowerCase())
    if (found !== undefined) return found
  }
  return undefined
}

async function create(context: Context, { name, color, description, exclusive }: Label): Promise<void> {
  await context.change({
    key: `${NAME}:${context.id}:create:${name}`,
    tool: 'create_label',
    args: { ...context.repository, name, color, description, exclusive },
    what: `make the label “${name}”`,
    find: async () => {
      const found = findPresent(await listPresent(context), [name])
      return found === undefined ? undefined : { name: found.name }
    },
  })
}

/** @returns whether anything differed */
async function update(context: Context, present: Present, wanted: Label): Promise<boolean> {
  const difference = {
    ...(present.name === wanted.name ? {} : { new_name: wanted.name }),
    ...(toHex(present.color) === toHex(wanted.color) ? {} : { color: wanted.color }),
    ...(present.description === wanted.description ? {} : { description: wanted.description }),
  }
  const fields = Object.keys(difference)
  if (fields.length === 0) {
    return false
  }
  await context.change({
    key: `${NAME}:${context.id}:update:${wanted.name}`,
    tool: 'update_label',
    args: { ...context.repository, name: present.name, ...difference },
    what: `change ${fields.join(', ').replace('new_name', 'the name')} of the label “${present.name}”`,
  })
  return true
}

function toHex(color: string): string {
  return color.replace('#', '').toLowerCase()
}
