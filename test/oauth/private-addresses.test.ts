import type { lookup } from 'node:dns'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createPublicOnlyAgent } from '../../src/oauth/client-documents.js'
import { createBrowser } from '../support/browser.js'
import { startOAuthApp } from './oauth-app.js'
import { toAuthorizeUrl } from './oauth-client.js'

describe('an address inside the operator’s network', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.169.254',
    '0.0.0.0',
    '[::1]',
    '[fd00::1]',
    '[fe80::1]',
    '[::ffff:127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '2130706433',
    '0x7f.1',
    'localhost',
  ])('is never asked for a client document: %s', async (host) => {
    const asked: string[] = []
    const server = createServer((req, res) => {
      asked.push(req.url ?? '')
      res.end('{}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo // an IP server, so never a pipe's string
    const app = await startOAuthApp()

    const page = await createBrowser().get(toAuthorizeUrl(app, `https://${host}:${port}/client.json`))

    expect(page.status).toBe(400)
    expect(page.text).toContain('This request was refused')
    expect(asked).toEqual([])
    const refusal = app.events.find(({ type }) => type === 'request_refused')
    expect(JSON.stringify(refusal)).toMatch(/not (?:a )?public/)
  })

  it('is not reached by a name that points there, nor by one that changes its mind', async () => {
    let connections = 0
    const server = createServer((_req, res) => res.end('{}')).on('connection', () => {
      connections += 1
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo // an IP server, so never a pipe's string
    const answers = [
      [{ address: '127.0.0.1', family: 4 }],
      [
        { address: '203.0.113.9', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
      [
        { address: '8.8.8.8', family: 4 },
        { address: '::1', family: 6 },
      ],
      [],
    ]
    let lookups = 0
    const resolve = ((_name: string, _options: unknown, callback: (error: null, found: unknown) => void) => {
      callback(null, answers[lookups])
      lookups += 1
      // the one overload of node:dns that the agent uses
    }) as unknown as typeof lookup
    const agent = createPublicOnlyAgent(resolve)
    onTestFinished(() => agent.close())

    for (const _answer of answers) {
      await expect(
        agent.request({ origin: `http://rebind.example:${port}`, path: '/', method: 'GET' }),
      ).rejects.toThrow(/not public|no address/)
    }

    expect(lookups).toBe(answers.length)
    expect(connections).toBe(0)
  })
})
