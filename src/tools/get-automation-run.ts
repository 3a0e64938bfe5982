import { z } from 'zod'
import { NotFound } from '../lib/errors.js'
import { describeEffect, describeFinding } from './automation-lines.js'
import type { AutomationReport } from './automation-port.js'
import { describeRun, EffectRow, FindingRow, getStanding, RunRow, toRunRow } from './automation-rows.js'
import { defineTool } from './define-tool.js'
import { toText } from './lines.js'
import { owner, repo, textOf } from './params.js'

const Report = z.object({
  summary: z.string(),
  left: z.string().optional(),
  effects: z.array(EffectRow),
  findings: z.array(FindingRow),
  /** Effects and findings that are not in the lists. */
  not_shown: z.number(),
  data: z.record(z.string(), z.unknown()),
})

export const getAutomationRun = defineTool({
  name: 'get_automation_run',
  title: 'Get automation run',
  description: 'What a run did, found and left, or would do.',
  effect: 'read',
  toolset: 'automation',
  scope: 'read:repository',
  operations: ['getRepository'],
  input: z.strictObject({ owner, repo, run_id: textOf(64) }),
  output: z.object({ run: RunRow, report: Report.optional(), report_withheld: z.boolean() }),
  async run({ owner, repo, run_id }, context) {
    const repository = { owner, repo }
    const { port, mayChange, since } = await getStanding(context.gitea, repository, context)
    const run = port.findRun(repository, run_id, since)
    if (run === undefined) {
      throw new NotFound(
        `There is no run ${run_id} of an automation in ${owner}/${repo}; list_automation_runs has them.`,
      )
    }
    const { report } = run
    return {
      run: toRunRow(run, mayChange),
      ...(report !== undefined && mayChange ? { report: toReport(report, context.limits.maxItems) } : {}),
      report_withheld: report !== undefined && !mayChange,
    }
  },
  render({ run, report, report_withheld }) {
    if (report === undefined) {
      const why = report_withheld ? 'What it did is shown to people who may change the repository.' : ''
      return toText([describeRun(run), why])
    }
    const { effects, findings, not_shown, left, summary } = report
    return toText([
      describeRun(run),
      summary,
      ...effects.map(describeEffect),
      ...findings.map(describeFinding),
      not_shown === 0 ? '' : `${not_shown} more not shown.`,
      left === undefined ? '' : `Left: ${left}`,
    ])
  },
})

function toReport({ summary, left, effects, findings, data }: AutomationReport, most: number) {
  const shown = { effects: effects.slice(0, most), findings: findings.slice(0, most) }
  return {
    summary,
    ...(left === undefined ? {} : { left }),
    ...shown,
    not_shown: effects.length + findings.length - shown.effects.length - shown.findings.length,
    data: { ...data },
  }
}
