/** The browser that the sign-in tests are made with. */
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBrowser } from '../support/browser.js'

const page = `<!doctype html><title>x</title><script>var a = '<form>'</script>
<form action="/save?x=1" method="post"><input type="hidden" name="token" value="a&quot;b&amp;c">
<input name=plain value=1><input type="checkbox" name="box"><input type="checkbox" name="ticked" checked>
<textarea name="area">one &lt; two</textarea><select name="pick"><option value="1">1<option value="2" selected>2</select>
<input name="off" value="x" disabled><button name="go" value="yes">Yes &amp; on</button><button name="go" value="no">No</button>
<button type="button" name="script">x</button></form><form action="find"><input name="q" value=""></form>`

const seen: string[] = []
let server: Server
let url = ''

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      seen.push(`${request.method} ${request.url} ${request.headers.cookie ?? '-'} ${Buffer.concat(chunks)}`)
      if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end()
      else if (request.url === '/set') {
        const cookies = ['a=1; Path=/; HttpOnly', 'b=2; Path=/deep', 'c=3; Secure', 'old=; Max-Age=0']
        response.writeHead(303, { location: '/deep/page', 'set-cookie': cookies }).end()
      } else if (request.url === '/drop') response.writeHead(200, { 'set-cookie': 'a=; Max-Age=0' }).end('gone')
      else response.writeHead(200, { 'content-type': 'text/html' }).end(page)
    })
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
})
afterAll(() => {
  server.close()
})

test('it reads forms as they would be sent, and what a reader sees', async () => {
  const { forms, text } = await createBrowser().get(`${url}/page`)

  expect(forms[0]).toEqual({
    method: 'POST',
    action: `${url}/save?x=1`,
    fields: { token: 'a"b&c', plain: '1', ticked: 'on', area: 'one < two', pick: '2' },
    names: ['token', 'plain', 'box', 'ticked', 'area', 'pick'],
    buttons: [
      { name: 'go', value: 'yes', text: 'Yes & on' },
      { name: 'go', value: 'no', text: 'No' },
    ],
  })
  expect(forms[1]).toMatchObject({ method: 'GET', action: `${url}/find`, fields: { q: '' } })
  expect(text).not.toContain('var a')
})

test('it submits the form that has the fields, with the pressed button', async () => {
  const browser = createBrowser()
  const opened = await browser.get(`${url}/page`)
  await browser.submit(opened, { plain: 'ü' }, { name: 'go', value: 'no' })
  await browser.submit(opened, { q: 'a b' })

  expect(seen.at(-2)).toBe('POST /save?x=1 - token=a%22b%26c&plain=%C3%BC&ticked=on&area=one+%3C+two&pick=2&go=no')
  expect(seen.at(-1)).toBe('GET /find?q=a+b - ')
  expect(() => browser.submit(opened, { nothing: 'x' })).toThrow('no form')
})

test('it keeps cookies by path, not secure ones on plain HTTP, and drops expired ones', async () => {
  const browser = createBrowser()
  const first = await browser.get(`${url}/set`)
  await browser.settle(first)
  const deep = seen.at(-1)
  await browser.get(`${url}/other`)
  const other = seen.at(-1)
  await browser.get(`${url}/drop`)
  await browser.get(`${url}/other`)

  expect([first.status, first.location]).toEqual([303, `${url}/deep/page`])
  expect(deep).toBe('GET /deep/page a=1; b=2 ')
  expect(other).toBe('GET /other a=1 ')
  expect(seen.at(-1)).toBe('GET /other - ')
})

test('it gives up on a redirect loop and stops before an address it is told to', async () => {
  const browser = createBrowser()

  await expect(browser.open(`${url}/loop`)).rejects.toThrow('redirects')
  const stopped = await browser.open(`${url}/set`, ({ pathname }) => pathname === '/deep/page')
  expect(stopped.location).toBe(`${url}/deep/page`)
})
