import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Connection } from '../support/connect-client.js'
import { type GiteaSandbox, startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { listToolNames } from '../support/mcp-call.js'
import { checkAudit } from '../support/read-audit.js'
import { type Stack, startStack } from '../support/start-stack.js'

/* A Gitea before 1.25, which has no contents-ext and lists no runs; no comparison either, so that there is something to miss. */

let stack: Stack<GiteaSandbox>
let alice: Connection

beforeAll(async () => {
  const gitea = await startGiteaSandbox({ seed: true, version: '1.24.7' })
  const described: Record<string, unknown> = Object(await (await fetch(`${gitea.url}/swagger.v1.json`)).json()).paths
  const older = Object.entries(described).filter(
    ([path]) => !/\/contents-ext\/|\/actions\/(?:runs|jobs)|\/compare\//.test(path),
  )
  gitea.fault({ path: '/swagger.v1.json', body: JSON.stringify({ paths: Object.fromEntries(older) }), times: 1 })
  stack = await startStack(gitea)
  await stack.aegis.app.checkGitea()
  alice = await stack.connect()
  for (const path of ['/contents-ext/', '/actions/runs']) {
    gitea.fault({ path, status: 404, body: '404 page not found\n', headers: { 'content-type': 'text/plain' } })
  }
})
afterAll(async () => {
  await checkAudit(stack.aegis)
  await stack.close()
  await stack.gitea.close()
})

const read = (filepath: string, repo = 'booking', owner = 'harbor') =>
  stack.call(alice, 'get_file_contents', { owner, repo, filepath })

test('its files and folders are read all the same', async () => {
  expect((await read('package.json')).text).toContain('"name"')
  expect((await read('src/timetable')).text).toContain('rules.ts')
  expect((await read('src/timetable/rules.ts')).isError).toBe(false)
})

test('a file that is not there is not found, in the same words', async () => {
  const top = await read('nothing.md')
  const deep = await read('no/such/folder.md')

  expect(top).toMatchObject({ isError: true, text: expect.stringContaining('has no nothing.md') })
  expect(deep).toMatchObject({ isError: true, text: expect.stringContaining('has no no/such/folder.md') })
})

test('its runs are put together from the jobs that ran', async () => {
  await stack.gitea.addActionRun({
    owner: 'harbor',
    repo: 'booking',
    workflow: 'checks.yml',
    message: 'Check every push',
    jobs: [
      { name: 'lint', result: 'success' },
      { name: 'unit', result: 'failure' },
    ],
  })
  const runs = await stack.call(alice, 'list_actions_runs', { owner: 'harbor', repo: 'booking' })
  const none = await stack.call(alice, 'list_actions_runs', { owner: 'harbor', repo: 'nowhere' })

  expect(await listToolNames(stack.url, alice.accessToken)).not.toContain('list_actions_jobs')
  expect(runs.text).toContain('failure checks.yml')
  expect(runs.text).toContain('(lint success, unit failure)')
  expect(none).toMatchObject({ isError: true, text: expect.stringContaining('There is no repository harbor/nowhere') })
})

test('a tool that cannot do without is neither listed nor callable', async () => {
  expect(await listToolNames(stack.url, alice.accessToken)).not.toContain('compare_refs')
  const answer = await stack.call(alice, 'compare_refs', {
    owner: 'harbor',
    repo: 'booking',
    base: 'main',
    head: 'main',
  })

  expect(answer.text).toContain('compare_refs needs something that this Gitea (1.24.7) does not have')
})
