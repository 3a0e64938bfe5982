import { afterAll, beforeAll, expect, test } from 'vitest'
import { getJob, readJobLog } from '../../src/gitea/actions.js'
import { createGiteaTransport, type GiteaClient, type GiteaTransport } from '../../src/gitea/client.js'
import { answerJson, type ScriptedServer, startScriptedServer } from './scripted-server.js'

let server: ScriptedServer
let transport: GiteaTransport
let client: GiteaClient

const request = { owner: 'acme', repo: 'web', job: 7 }

beforeAll(async () => {
  server = await startScriptedServer()
  transport = createGiteaTransport({ baseUrl: server.url, timeoutMs: 2000, maxResponseBytes: 1_000_000 })
  client = transport.as(
    { token: async () => 'token', renew: async () => 'token' },
    { operations: ['getActionJob', 'getActionJobLog'], signal: new AbortController().signal, requestId: 'test' },
  )
})

afterAll(async () => {
  await transport.close()
  await server.close()
})

function answerSteps(...conclusions: string[]): void {
  const steps = conclusions.map((conclusion, number) => ({
    name: `s${number}`,
    number,
    status: 'completed',
    conclusion,
  }))
  server.script((res) =>
    answerJson(res, { id: 7, run_id: 1, name: 'test', status: 'completed', conclusion: 'failure', steps }),
  )
}

test('steps have their own outcome where Gitea tells them apart', async () => {
  answerSteps('success', 'failure')

  expect((await getJob(client, request)).steps.map(({ status }) => status)).toEqual(['success', 'failure'])
})

test('where Gitea writes the outcome of the job at each step, which one failed is not claimed to be known', async () => {
  answerSteps('failure', 'failure', 'failure')

  expect((await getJob(client, request)).steps).toEqual([
    { number: 0, name: 's0', status: '' },
    { number: 1, name: 's1', status: '' },
    { number: 2, name: 's2', status: '' },
  ])
})

test('a log is read line by line however its bytes are cut, without times, colours and what was written over', async () => {
  const text =
    '2026-11-21T10:23:41.1234567Z gr\u00fcn \u001b[32mok\u001b[0m\n2026-11-21T10:23:42Z 1%\r2%\r\n' +
    '2026-11-21T10:23:43.0000000Z \nno time\r\n2026-11-21T10:23:44.0000000Z 2026-11-21T10:23:44Z own time'
  server.script((res) => {
    res.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' })
    for (const byte of Buffer.from(text)) res.write(Buffer.from([byte]))
    res.end()
  })
  const lines: string[] = []
  await readJobLog(client, request, (line) => lines.push(line))

  expect(lines).toEqual(['grün ok', '2%', '', 'no time', '2026-11-21T10:23:44Z own time'])
})
