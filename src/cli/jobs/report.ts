import { toRun } from '../../jobs/job-port.js'
import type { JobRow } from '../../jobs/queue.js'
import { toIsoTime } from '../../lib/clock.js'
import { SECOND } from '../../lib/units.js'
import { describeFinding } from '../../tools/automation-lines.js'
import type { AutomationEffect, AutomationReport } from '../../tools/automation-port.js'
import { toTerminalText } from '../command.js'

/* How runs are shown to an operator. */

/** A run in two lines. */
export function toLines(row: JobRow): string[] {
  const { id, kind, state, repository, dryRun, createdAt } = row
  const dry = dryRun ? '  dry run' : ''
  const note = state === 'done' || row.lastError === null ? '' : `: ${toTerminalText(row.lastError)}`
  return [
    `${id}  ${state}  ${kind}  ${toTerminalText(repository ?? 'no repository')}${dry}`,
    `  asked ${toIsoTime(createdAt)} by ${describeTrigger(row)}, ${describeTimes(row)}${note}`,
  ]
}

function describeTrigger({ trigger, triggeredBy }: JobRow): string {
  return `${trigger} ${toTerminalText(triggeredBy)}`
}

function describeTimes({ state, runAt, createdAt, startedAt, finishedAt, attempts }: JobRow): string {
  const tries = attempts === 1 ? 'one attempt' : `${attempts} attempts`
  if (state === 'ready') {
    const due = runAt <= createdAt ? 'due now' : `due ${toIsoTime(runAt)}`
    return attempts === 0 ? due : `${due} after ${tries}`
  }
  if (state === 'running' || finishedAt === null) {
    return `attempt ${attempts} since ${toIsoTime(startedAt ?? createdAt)}`
  }
  const took = startedAt === null ? '' : ` in ${((finishedAt - startedAt) / SECOND).toFixed(1)} s`
  return attempts === 0 ? `ended ${toIsoTime(finishedAt)}` : `ended ${toIsoTime(finishedAt)}${took}, ${tries}`
}

/** Everything there is to know about a run. */
export function toDetails(row: JobRow): string[] {
  const { report } = toRun(row)
  const facts = Object.entries(toObject(row.facts))
  const parameters = Object.entries(toObject(row.parameters))
  return [
    ...toLines(row),
    ...(parameters.length === 0 ? [] : [`  parameters: ${parameters.map(toPair).join(', ')}`]),
    ...(facts.length === 0 ? [] : [`  set off by: ${facts.map(toPair).join(', ')}`]),
    ...(report === undefined ? [] : ['', ...toReport(report, row.dryRun)]),
    ...toAdvice(row),
  ]
}

function toReport({ summary, left, effects, findings }: AutomationReport, isDry: boolean): string[] {
  const done = isDry ? 'It would change:' : 'It changed:'
  return [
    toTerminalText(summary),
    ...(effects.length === 0 ? ['It changed nothing.'] : [done, ...effects.flatMap(toEffect)]),
    ...(findings.length === 0 ? [] : ['It found:']),
    ...findings.map((finding) => `  ${toTerminalText(describeFinding(finding))}`),
    ...(left === undefined ? [] : [`Left for the next run: ${toTerminalText(left)}`]),
  ]
}

function toEffect({ tool, what, status, made, arguments: args = {} }: AutomationEffect): string[] {
  const before = status === 'already_made' ? ' (an earlier attempt did)' : ''
  const where = made === undefined ? '' : `  ${toTerminalText(made)}`
  return [
    `  ${toTerminalText(what)}${before}${where}`,
    ...(status === 'planned' ? [`    ${tool}`, ...Object.entries(args).flatMap(toArgument)] : []),
  ]
}

/** What would be sent, whole: text of several lines with its lines. */
function toArgument([name, value]: [string, unknown]): string[] {
  if (typeof value === 'string' && value.includes('\n')) {
    return [`      ${name}:`, ...value.split('\n').map((line) => `        | ${toTerminalText(line)}`)]
  }
  return [`      ${toPair([name, value])}`]
}

function toPair([name, value]: [string, unknown]): string {
  return `${name}=${toTerminalText(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))}`
}

function toAdvice({ id, state }: JobRow): string[] {
  if (state === 'dead') {
    return ['', `It is not tried again by itself. When what it says is mended: aegis jobs retry ${id}`]
  }
  return state === 'ready' || state === 'running' ? ['', `To stop it: aegis jobs cancel ${id}`] : []
}

/** A run as `--json` gives it. */
export function toJson(row: JobRow) {
  const { report, note, ...run } = toRun(row)
  const toTime = (at: number | undefined) => (at === undefined ? null : toIsoTime(at))
  return {
    id: run.id,
    job: run.job,
    repository: row.repository,
    state: run.state,
    dry_run: run.dryRun,
    trigger: run.trigger,
    triggered_by: run.triggeredBy,
    parameters: toObject(row.parameters),
    facts: toObject(row.facts),
    attempts: run.attempts,
    asked_at: toIsoTime(run.askedAt),
    due_at: toIsoTime(run.dueAt),
    started_at: toTime(run.startedAt),
    ended_at: toTime(run.endedAt),
    note: note ?? null,
    report: report ?? null,
  }
}

function toObject(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text)
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
