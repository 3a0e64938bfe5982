import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { COMMANDS } from '../../src/cli/commands.js'
import { loadJobChecks, loadToolNames } from '../../src/cli/tool-names.js'
import { envSections } from '../../src/config/env.js'
import { createJobs, DEFAULT_JOB_SETTINGS } from '../../src/jobs/catalog.js'
import { decide } from '../../src/policy/decide.js'
import { parsePolicy } from '../../src/policy/load.js'
import { catalog } from '../../src/tools/catalog.gen.js'
import { listFiles } from '../contract/source-files.js'

/* What an operator reads before switching automations on must be so. */
const text = readFileSync('docs/automation.md', 'utf8')
const snippets = [...text.matchAll(/^( *)```yaml\n([\s\S]*?)```/gm)].map(([, indent = '', body = '']) =>
  body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
)

test('every job has its page, and the overview leads to each', () => {
  const names = createJobs(DEFAULT_JOB_SETTINGS).map(({ name }) => name)
  const linked = [...text.matchAll(/\[([a-z_]+)\]\((automation\/[a-z-]+\.md)\)/g)]

  expect(linked.map(([, name]) => name)).toEqual(expect.arrayContaining(names))
  for (const [, , page] of linked) {
    expect(existsSync(`docs/${page}`), page).toBe(true)
  }
})

test('every command and option in it exists', async () => {
  const usages = new Map(
    await Promise.all(COMMANDS.map(async ({ name, load }) => [name, (await load()).usage] as const)),
  )
  const calls = [...text.matchAll(/(?:^ *|`|summary: .*)aegis ([a-z]+)((?: [^`\n]*)?)/gm)]

  expect(calls.length).toBeGreaterThan(10)
  for (const [call, command = '', rest = ''] of calls) {
    const usage = usages.get(command) ?? ''
    expect(usage, call).not.toBe('')
    expect(
      [...rest.matchAll(/--[a-z-]+/g)].filter(([option]) => !usage.includes(option)),
      call,
    ).toEqual([])
  }
})

test('every setting and metric in it exists', () => {
  const settings = new Set(Object.values(envSections).flatMap(Object.keys))
  const named = [...text.matchAll(/\b(?:AUTOMATION|WRITE)(?:_[A-Z]+)+\b/g)].map(([name]) => name)
  const sources = listFiles('src/**/*.ts')
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
  const metrics = [...text.matchAll(/\baegis_[a-z_]+/g)].map(([name]) => name)

  expect(named.filter((name) => !settings.has(name))).toEqual([])
  expect(metrics.filter((name) => !sources.includes(`'${name}'`))).toEqual([])
  expect(new Set(metrics).size).toBeGreaterThan(6)
})

test('its policies are policies, and the first one does what it says', async () => {
  const known = {
    file: 'policy.yaml',
    toolNames: (await loadToolNames()).map(({ name }) => name),
    jobs: await loadJobChecks(),
  }
  const [whole = '', quiet = '', alerts = ''] = snippets
  const policy = parsePolicy(whole, known)
  const ask = (tool: string, effect: 'read' | 'write', name = 'web') =>
    decide(policy, { tool, effect, repository: { owner: 'acme', name } }).effect

  expect(ask('automation_stale_issue_detection', 'write')).toBe('allow')
  expect(ask('automation_stale_issue_detection', 'write', 'api')).toBe('deny')
  expect(ask('list_issues', 'read')).toBe('allow')
  expect(ask('create_issue', 'write')).toBe('deny')
  expect(parsePolicy(quiet, known).automation.quietHours).toMatchObject({ from: '22:00', timezone: 'Europe/Berlin' })
  expect(parse(alerts).groups[0].rules.map(({ alert }: { alert: string }) => alert)).toContain('AegisJobsDead')
})

test('the tools in it are tools', () => {
  const names = new Set(catalog.map(({ name }) => name))

  for (const name of ['list_automation_runs', 'get_automation_run', 'run_automation_job']) {
    expect(text).toContain(`\`${name}\``)
    expect(names.has(name)).toBe(true)
  }
})
