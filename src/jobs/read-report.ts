import { z } from 'zod'
import type { AutomationReport } from '../tools/automation-port.js'

const Effect = z.object({
  tool: z.string(),
  what: z.string(),
  status: z.enum(['made', 'already_made', 'planned']),
  made: z.string().optional(),
  arguments: z.record(z.string(), z.unknown()).optional(),
})
const Finding = z.object({
  fingerprint: z.string(),
  rule: z.string(),
  severity: z.enum(['info', 'warning', 'error']),
  message: z.string(),
  path: z.string().optional(),
  line: z.number().optional(),
})
const Report = z.object({
  summary: z.string(),
  left: z.string().optional(),
  effects: z.array(Effect).default([]),
  findings: z.array(Finding).default([]),
  data: z.record(z.string(), z.unknown()).default({}),
})

/** The report in a row of the queue; undefined while there is none. */
export function findReport(stored: string | null): AutomationReport | undefined {
  if (stored === null) {
    return undefined
  }
  const { left, ...report } = Report.parse(JSON.parse(stored))
  return { ...report, left }
}
