import { z } from 'zod'
import type { AutomationReport } from '../tools/automation-port.js'
import { EffectRow, FindingRow } from '../tools/automation-rows.js'

const Report = z.object({
  summary: z.string(),
  left: z.string().optional(),
  effects: z.array(EffectRow).default([]),
  findings: z.array(FindingRow).default([]),
  data: z.record(z.string(), z.unknown()).default({}),
})

const EMPTY = { left: undefined, effects: [], findings: [], data: {} }

/** The report in a row of the queue; undefined while there is none. */
export function findReport(stored: string | null): AutomationReport | undefined {
  if (stored === null) {
    return undefined
  }
  const parsed = Report.safeParse(JSON.parse(stored))
  if (!parsed.success) {
    // one odd row must not hide the others
    return { summary: 'This report is of another version and cannot be shown.', ...EMPTY }
  }
  const { left, ...report } = parsed.data
  return { ...report, left }
}
