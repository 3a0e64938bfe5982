import { z } from 'zod'

export const SEVERITIES = ['info', 'warning', 'error'] as const

const names = z.array(z.string().min(1).max(255)).max(20).default([])

const Template = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,49}$/, 'must be lower-case letters, digits and dashes')
    .describe('Tells the templates apart; an event makes one issue for each.'),
  event: z.string().max(64).describe('Exact event type of Gitea, like release or workflow_run.'),
  action: z.string().max(64).optional().describe('Only this action of it, like published.'),
  branch: z.string().max(255).optional().describe('Only on this branch.'),
  conclusion: z.string().max(64).optional().describe('Of a workflow run, like failure.'),
  title: z.string().min(1).max(200),
  body: z.string().max(10_000).default(''),
  labels: names,
  assignees: names,
})
export type Template = z.output<typeof Template>

export const issueParameters = z.strictObject({
  findings: z
    .record(
      z.string(),
      z.strictObject({ min_severity: z.enum(SEVERITIES).default('error'), labels: names }).describe('Of one job.'),
    )
    .default({})
    .describe('Jobs whose findings become issues, from which severity on, and with which labels.'),
  templates: z.array(Template).max(50).default([]).describe('Events that become issues.'),
  max_per_day: z.int().min(1).max(100).default(5).describe('At most so many issues are opened in a day.'),
})
export type IssueParameters = z.output<typeof issueParameters>
