import { z } from 'zod'

/*
 * The policy file as an operator writes it. `load.ts` turns it into what `decide.ts` works with; what each list means
 * is in docs/policy.md.
 */

const MAX_LIST = 500
const MAX_REPOSITORIES = 500
/** One day: what was read is remembered no longer. */
const MAX_WINDOW_MINUTES = 1440

const entries = (what: string) => z.array(z.string()).max(MAX_LIST).describe(what)

const ToolLists = z.strictObject({
  allow: entries('Tools that may run. A tool that writes is opened only by its own name, never by a glob.').optional(),
  deny: entries('Tools that never run. Nothing lifts a deny.').optional(),
  approve: entries('Tools that run only after an admin said yes to the call.').optional(),
})

const RepositoryToolLists = ToolLists.extend({
  allow: entries('When present, the full list of tools for this repository.').optional(),
})

const PathLists = z.strictObject({
  allow: entries(
    'When present, only these paths are shown. Compared exactly, from the root of the repository.',
  ).optional(),
  deny: entries(
    'Paths that are never shown. Compared without case; a name without a slash is meant at any depth.',
  ).optional(),
})

const CLOCK_TIME = /^(?:[01]\d|2[0-3]):[0-5]\d$/
const clockTime = (what: string) => z.string().regex(CLOCK_TIME, 'must be a time like 22:00').describe(what)

const JobRulesEntry = z.strictObject({
  schedule: z.string().max(100).describe('When it runs by itself, as a cron line like "0 5 * * *" (UTC).').optional(),
  parameters: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('What the job is to do; docs/automation.md lists what each job takes.'),
})
const JobEntries = z
  .record(z.string(), JobRulesEntry)
  .refine((map) => Object.keys(map).length <= MAX_LIST, `has more than ${MAX_LIST} entries`)

const RepositoryEntry = z.strictObject({
  automation: JobEntries.describe(
    'Schedules and parameters of jobs in this repository. That a job may run at all is said by tools.allow.',
  ).optional(),
  tools: RepositoryToolLists.describe('Rules for tools in this repository.').optional(),
  paths: PathLists.describe('Rules for file paths in this repository.').optional(),
})

export const PolicyFile = z.strictObject({
  defaults: z
    .strictObject({
      read: z.enum(['allow', 'deny']).default('allow').describe('For tools that only read and that no list names.'),
      write: z
        .enum(['allow', 'deny', 'approve'])
        .default('deny')
        .describe('For tools that change something and that no list names.'),
    })
    .default({ read: 'allow', write: 'deny' })
    .describe('What happens to a tool that no list names.'),
  tools: ToolLists.default({}).describe('Rules for tools everywhere.'),
  repositories: z
    .record(z.string(), RepositoryEntry)
    .refine((map) => Object.keys(map).length <= MAX_REPOSITORIES, `has more than ${MAX_REPOSITORIES} entries`)
    .default({})
    .describe(
      'Rules for one repository (owner/name) or several (a glob such as acme/*). All entries that match must agree.',
    ),
  automation: z
    .strictObject({
      quiet_hours: z
        .strictObject({
          from: clockTime('When they begin, like 22:00.'),
          to: clockTime('When they end, like 06:00.'),
          timezone: z.string().max(60).default('UTC').describe('Of which place, like Europe/Berlin.'),
        })
        .describe('Jobs that are due then wait until they end; what a person asks for runs.')
        .optional(),
      jobs: JobEntries.default({}).describe('Schedules and parameters of jobs, for every repository that allows them.'),
    })
    .default({ jobs: {} })
    .describe('What the automations do where they are allowed. A job is allowed like a tool: automation_<job>.'),
  private_to_public: z
    .enum(['off', 'warn', 'block'])
    .default('warn')
    .describe('When a client that read a private repository a while ago writes to a public one.'),
  private_to_public_minutes: z
    .int()
    .min(1)
    .max(MAX_WINDOW_MINUTES)
    .default(60)
    .describe('How long such reading counts.'),
})
export type PolicyFile = z.output<typeof PolicyFile>

/** JSON Schema (draft 2020-12) of the policy file, for editors. */
export function policyJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(PolicyFile, { io: 'input' })
  return { $schema, title: 'AegisGitea MCP policy', ...rest }
}
