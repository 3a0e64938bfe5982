import { z } from 'zod'
import { getJob, readJobLog } from '../gitea/actions.js'
import { InvalidInput, NotFound } from '../lib/errors.js'
import { defineTool } from './define-tool.js'
import { describeCut, toOneLine, toTextBudget } from './lines.js'
import { createLogReaderFrom, createLogReaderOfEnd } from './log-reader.js'
import { countingFrom1, owner, repo, textLines } from './params.js'

/** What the end of a log may take; who wants more of it says where to start. */
const END_CHARS = 8000

export const getJobLog = defineTool({
  name: 'get_job_log',
  title: 'Get job log',
  description: 'The failed step in the log of an Actions job, or its end.',
  effect: 'read',
  toolset: 'actions',
  scope: 'read:repository',
  operations: ['getActionJob', 'getActionJobLog'],
  input: z.strictObject({ owner, repo, job_id: countingFrom1(), start_line: countingFrom1().optional() }),
  output: z.object({
    name: z.string(),
    status: z.string(),
    step: z.string().optional(),
    text: z.string(),
    lines: textLines,
  }),
  async run({ owner, repo, job_id, start_line }, { gitea, limits, maskSecrets }) {
    const request = { owner, repo, job: job_id }
    const job = await getJob(gitea, request)
    // for a job that has not begun Gitea's refusal would not say that it is still to come
    if (['queued', 'waiting'].includes(job.status)) {
      throw new NotFound(`Job ${job_id} (${job.name}) has no log yet: it is ${job.status}.`)
    }
    const budget = toTextBudget(limits.maxChars)
    const reader =
      start_line === undefined
        ? createLogReaderOfEnd(job.status === 'failure', Math.min(budget, END_CHARS))
        : createLogReaderFrom(start_line, budget)
    await readJobLog(gitea, request, (line) => reader.add(line))
    const { text, step, ...lines } = reader.finish(maskSecrets)
    if (start_line !== undefined && start_line > Math.max(1, lines.totalLines)) {
      throw new InvalidInput(`The log has ${lines.totalLines} lines; start_line=${start_line} is past its end.`)
    }
    return { name: job.name, status: job.status, ...(step === undefined ? {} : { step }), text, lines }
  },
  render({ name, status, step, text, lines }, { owner, repo, job_id, start_line }) {
    const head = `${owner}/${repo} job ${job_id} ${toOneLine(name)}, ${status}`
    const failed = step === undefined ? '' : `; the step that failed is ${toOneLine(step)}`
    const before = start_line === undefined && lines.startLine > 1 ? ', start_line=1 shows what was before' : ''
    return `${head}${failed}${describeCut({ ...lines, text: '' })}${before}:\n${text}`
  },
})
