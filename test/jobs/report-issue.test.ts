import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineJob, type Finding, type JobContext } from '../../src/jobs/define-job.js'
import { renderReport } from '../../src/jobs/report-body.js'
import { REPORT_ISSUE_TOOLS, type ReportIssue, syncReportIssue } from '../../src/jobs/report-issue.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { readAudit } from '../support/read-audit.js'
import { seedPeople } from '../support/seed-gitea.js'
import { startGitea } from '../support/start-gitea.js'
import { type Stack, startStack } from '../support/start-stack.js'

const REPOSITORY = 'harbor/booking'
const POLICY = `
defaults: {read: allow, write: deny}
repositories:
  ${REPOSITORY}:
    tools: {allow: [automation_watch]}
`

let gitea: GiteaUnderTest
let token: string
let stack: Stack

beforeAll(async () => {
  gitea = await startGitea()
  token = await gitea.createToken(seedPeople.alice.login, ['write:issue', 'write:repository', 'read:user'])
})

afterAll(() => gitea.close())

const late: Finding = {
  fingerprint: 'clock:late',
  rule: 'late',
  severity: 'warning',
  message: 'The clock of `tower|1` is late; ask @bob, see #1.',
  path: 'clocks/tower.yml',
  line: 3,
}
const gone: Finding = { fingerprint: 'clock:gone', rule: 'gone', severity: 'error', message: 'There is no clock.' }

async function start(content: Partial<ReportIssue> = {}) {
  let report: ReportIssue = {
    job: 'watch',
    title: 'Clocks',
    intro: 'What is wrong with clocks.',
    findings: [],
    ...content,
  }
  let before: (context: JobContext<Record<string, never>>) => Promise<void> = async () => undefined
  stack = await startStack(gitea, {
    policy: POLICY,
    jobs: [
      defineJob({
        name: 'watch',
        title: 'Watch',
        description: 'Keeps a report.',
        tools: [...REPORT_ISSUE_TOOLS],
        deadlineMs: 10_000,
        maxAttempts: 3,
        events: [],
        parameters: z.strictObject({}),
        dedupe: () => undefined,
        run: async (context) => {
          await before(context)
          const number = await syncReportIssue(context, report)
          return { summary: 'Watched.', data: { number } }
        },
      }),
    ],
    settings: {
      AUTOMATION_ENABLED: 'true',
      AUTOMATION_TOKEN: token,
      WRITE_MODE: 'true',
      WRITE_REPOSITORY_WHITELIST: REPOSITORY,
    },
  })
  const { automation } = stack.aegis.app
  if (automation === undefined) throw new Error('automation is off')
  const Report = z.object({
    effects: z.array(z.object({ tool: z.string(), what: z.string(), status: z.string() })),
    data: z.object({ number: z.number().optional() }),
  })
  const run = async (findings: readonly Finding[], more: Partial<ReportIssue> & { dryRun?: boolean } = {}) => {
    const { dryRun = false, ...changed } = more
    report = { ...report, ...changed, findings }
    const { id } = automation.queue.enqueue({
      kind: 'watch',
      repository: REPOSITORY,
      trigger: 'manual',
      triggeredBy: 'test',
      dryRun,
    })
    await automation.runner.idle()
    const row = automation.queue.find(id)
    expect(row?.lastError).toBeNull()
    const { effects, data } = Report.parse(JSON.parse(row?.report ?? '{}'))
    return { number: data.number, effects: effects.map(({ tool, status }) => `${tool} ${status}`) }
  }
  const setBefore = (hook: typeof before) => {
    before = hook
  }
  return { run, automation, setBefore }
}

async function asAlice(method: 'GET' | 'PATCH', number: number | undefined, body?: Record<string, unknown>) {
  const response = await fetch(`${gitea.url}/api/v1/repos/${REPOSITORY}/issues/${number}`, {
    method,
    headers: { authorization: `token ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  expect(response.ok).toBe(true)
  return z
    .object({ title: z.string(), state: z.string(), body: z.string(), user: z.object({ login: z.string() }) })
    .parse(await response.json())
}

/** So that every test starts without a report. */
async function forget(number: number | undefined) {
  await asAlice('PATCH', number, { body: 'An issue like any other.', state: 'closed' })
}

describe('a living report', () => {
  afterEach(() => stack.close())

  test('is opened with the first finding, and not before', async () => {
    const { run } = await start()

    expect(await run([])).toEqual({ number: undefined, effects: [] })

    const { number, effects } = await run([late, gone])
    expect(effects).toEqual(['create_issue made'])
    const issue = await asAlice('GET', number)
    expect(issue).toMatchObject({ title: 'Clocks', state: 'open', user: { login: 'alice' } })
    expect(issue.body).toContain('What is wrong with clocks.')
    expect(issue.body).toContain('**2 findings**: 1 error, 1 warning.')
    expect(issue.body.indexOf('There is no clock.')).toBeLessThan(issue.body.indexOf('is late'))
    expect(issue.body).toContain('`clocks/tower.yml:3`')
    await forget(number)
  })

  test('is not written again while nothing has changed, whatever the commit and the day', async () => {
    const { run } = await start()
    const { number } = await run([late], { commit: 'a'.repeat(40) })
    const before = await asAlice('GET', number)

    expect(await run([late], { commit: 'b'.repeat(40) })).toEqual({ number, effects: [] })

    expect(await asAlice('GET', number)).toEqual(before)
    const writes = (await readAudit(stack.aegis)).filter((row) => row.tool === 'update_issue')
    expect(writes).toEqual([])
    await forget(number)
  })

  test('is edited in place when the findings change, and keeps the title that people gave it', async () => {
    const { run } = await start()
    const { number } = await run([late])
    await asAlice('PATCH', number, { title: 'Clocks: Bob looks after them' })

    expect(await run([late, gone])).toEqual({ number, effects: ['update_issue made'] })

    const issue = await asAlice('GET', number)
    expect(issue.title).toBe('Clocks: Bob looks after them')
    expect(issue.body).toContain('There is no clock.')
    await forget(number)
  })

  test('goes back and forth with the findings, however soon', async () => {
    const { run } = await start()
    const { number } = await run([late])

    for (const findings of [[gone], [late], [gone]]) {
      expect(await run(findings)).toEqual({ number, effects: ['update_issue made'] })
      expect((await asAlice('GET', number)).body).toContain(findings[0] === gone ? 'There is no clock.' : 'is late')
    }
    await forget(number)
  })

  test('says that it is clean and stays open, unless it is to be closed', async () => {
    const { run } = await start()
    const { number } = await run([late])

    expect((await run([])).effects).toEqual(['update_issue made'])
    expect(await asAlice('GET', number)).toMatchObject({ state: 'open', body: expect.stringContaining('No findings.') })

    expect((await run([], { closeWhenClean: true })).effects).toEqual(['update_issue made'])
    expect(await asAlice('GET', number)).toMatchObject({ state: 'closed' })
    await forget(number)
  })

  test('that people closed is reopened by a new finding only', async () => {
    const { run } = await start()
    const { number } = await run([late, gone])
    await asAlice('PATCH', number, { state: 'closed' })

    expect((await run([late, gone])).effects).toEqual([])
    await run([late])
    expect(await asAlice('GET', number)).toMatchObject({ state: 'closed' })

    await run([late, gone])
    expect(await asAlice('GET', number)).toMatchObject({ state: 'open' })
    await forget(number)
  })

  test('is found again by its mark when the database has forgotten it, and only among the issues of its own account', async () => {
    const first = await start()
    const { number } = await first.run([late])
    const { body } = await asAlice('GET', number)
    const imitation = await gitea.addIssue({ owner: 'harbor', repo: 'booking', author: 'bob', title: 'Clocks', body })
    await stack.close()

    const second = await start()
    expect(await second.run([gone])).toEqual({ number, effects: ['update_issue made'] })

    expect((await asAlice('GET', imitation)).body).toBe(body)
    await forget(number)
  })

  test('is opened anew when it has lost its mark', async () => {
    const { run } = await start()
    const { number } = await run([late])
    await forget(number)

    const again = await run([late])

    expect(again.effects).toEqual(['create_issue made'])
    expect(again.number).not.toBe(number)
    await forget(again.number)
  })

  test('is not opened twice when a crash left open whether it was', async () => {
    const { run, automation, setBefore } = await start()
    const { number } = await run([late])
    // what the tables hold after a crash between Gitea's answer and the commit of the next job
    setBefore(async (context) => {
      context.remember('report_issue', '')
      setBefore(async () => undefined)
    })

    expect(await run([late])).toEqual({ number, effects: [] })
    expect(automation.marks.get(`watch:${REPOSITORY}:report_issue`)).toBe(String(number))
    await forget(number)
  })

  test('is planned, and not opened, in a dry run', async () => {
    const { run } = await start()

    expect(await run([late], { dryRun: true })).toEqual({ number: undefined, effects: ['create_issue planned'] })
  })
})

describe('the text of a report', () => {
  const render = (findings: readonly Finding[]) => renderReport({ job: 'watch', intro: 'Clocks.', findings }, 0)

  test('tells nobody, links nothing and stays one table, whatever the findings quote', () => {
    const hostile = 'see @bob | #1 <img src=x> [x](http://evil.test) `a|b` www.evil.test\n| new | row |'
    const text = render([{ ...late, message: hostile, path: 'a|b`c.yml' }])

    const rows = text.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| What'))
    expect(rows).toHaveLength(1)
    expect(text).not.toMatch(/@bob|(?<!\\)<img|(?<!\\)\[x|http:\/\/|www\.|[^\\]\| new/)
    expect(rows[0]).toContain('`a\\|b`')
    expect(rows[0]).toContain('`a\\|b′c.yml:3`')
  })

  test('is the same for the same findings in another order', () => {
    expect(render([late, gone])).toBe(render([gone, late]))
  })

  test('says how many findings do not fit', () => {
    const many = Array.from({ length: 5000 }, (_, at) => ({ ...late, fingerprint: `clock:${at}`, line: at + 1 }))

    const text = render(many)

    expect(text.length).toBeLessThan(60_000)
    const shown = text.match(/aegis:finding:/g)?.length ?? 0
    expect(shown).toBeGreaterThan(200)
    expect(text).toContain(`**5000 findings**`)
    expect(text).toContain(`${5000 - shown} more do not fit here`)
  })
})
