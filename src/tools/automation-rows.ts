import { z } from 'zod'
import type { GiteaClient } from '../gitea/client.js'
import { getRepository, type RepositoryName } from '../gitea/repos.js'
import { toIsoTime } from '../lib/clock.js'
import { Unavailable } from '../lib/errors.js'
import { type AutomationPort, type AutomationRun, RUN_STATES } from './automation-port.js'
import type { ToolContext } from './define-tool.js'
import { toNextDay, toOneLine } from './lines.js'

/* Who may see runs of automations, and how a run is told in data and in one line. */

/** Of every run, for whoever may read the repository. */
export const RunRow = z.object({
  id: z.string(),
  job: z.string(),
  state: z.enum(RUN_STATES),
  dry_run: z.boolean(),
  trigger: z.string(),
  attempts: z.number(),
  asked_at: z.string(),
  due_at: z.string().optional(),
  started_at: z.string().optional(),
  ended_at: z.string().optional(),
  /** For those who may change the repository. */
  triggered_by: z.string().optional(),
  note: z.string().optional(),
})
export type RunRow = z.output<typeof RunRow>

/** One change that a run made, found made, or would make. */
export const EffectRow = z.object({
  tool: z.string(),
  what: z.string(),
  status: z.enum(['made', 'already_made', 'planned']),
  made: z.string().optional(),
  arguments: z.record(z.string(), z.unknown()).optional(),
})

export const FindingRow = z.object({
  fingerprint: z.string(),
  rule: z.string(),
  severity: z.enum(['info', 'warning', 'error']),
  message: z.string(),
  path: z.string().optional(),
  line: z.number().optional(),
})

interface Standing {
  readonly port: AutomationPort
  /** Whether Gitea lets the person change the repository: what a run found may be more than every reader should see. */
  readonly mayChange: boolean
  readonly isArchived: boolean
  /** When the repository was made, epoch milliseconds: what ran before was about another one of that name. */
  readonly since: number
}

/**
 * Asks Gitea what the person may do in the repository. Needs `getRepository`.
 *
 * @throws NotFound for a repository that the person cannot see, Unavailable while automation is off
 */
export async function getStanding(
  gitea: GiteaClient,
  name: RepositoryName,
  { automation, mayChangeRepository }: Pick<ToolContext, 'automation' | 'mayChangeRepository'>,
): Promise<Standing> {
  const { permissions, isArchived, createdAt } = await getRepository(gitea, name)
  if (automation === undefined) {
    throw new Unavailable('Automation is switched off on this server. The admin sets AUTOMATION_ENABLED=true.')
  }
  const mayChange = (permissions.push || permissions.admin) && (await mayChangeRepository())
  return { port: automation, mayChange, isArchived, since: Date.parse(createdAt) || 0 }
}

export function toRunRow(run: AutomationRun, mayChange: boolean): RunRow {
  return {
    id: run.id,
    job: run.job,
    state: run.state,
    dry_run: run.dryRun,
    trigger: run.trigger,
    attempts: run.attempts,
    asked_at: toIsoTime(run.askedAt),
    ...(run.state === 'ready' ? { due_at: toIsoTime(run.dueAt) } : {}),
    ...(run.startedAt === undefined ? {} : { started_at: toIsoTime(run.startedAt) }),
    ...(run.endedAt === undefined ? {} : { ended_at: toIsoTime(run.endedAt) }),
    ...(mayChange ? { triggered_by: run.triggeredBy } : {}),
    ...(mayChange && run.note !== undefined ? { note: run.note } : {}),
  }
}

/** `3f2a9c01de: done stale_issue_detection (schedule) 11-20 05:00`. */
export function describeRun(row: RunRow, previous?: string): string {
  const by = row.triggered_by === undefined ? row.trigger : `${row.trigger} ${toOneLine(row.triggered_by)}`
  const dry = row.dry_run ? ', dry run' : ''
  const due = row.due_at === undefined || row.due_at <= row.asked_at ? '' : `, due ${toMinute(row.due_at)}`
  const day = `${toNextDay(row.asked_at, previous)} ${row.asked_at.slice(11, 16)}`
  const note = row.note === undefined ? '' : `: ${toOneLine(row.note)}`
  return `${row.id}: ${row.state} ${row.job} (${by}${dry}) ${day}${due}${note}`
}

function toMinute(time: string): string {
  return time.slice(0, 16).replace('T', ' ')
}
