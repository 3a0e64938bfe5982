import { request } from 'node:http'
import { connect } from 'node:net'
import { test } from 'vitest'
import { startGiteaSandbox } from '../support/gitea-sandbox/start.js'
import { startStack } from '../support/start-stack.js'
import { callTool, sendMcp } from '../support/mcp-call.js'
import { readAudit } from '../support/read-audit.js'

function raw(url: string, method: string, path: string, headers: Record<string,string> = {}, body = ''): Promise<string> {
  return new Promise((resolve) => {
    const u = new URL(url)
    const r = request({ host: u.hostname, port: u.port, method, path, headers: { ...headers, ...(body ? {'content-length': String(Buffer.byteLength(body))} : {}) } }, (res) => {
      let t = ''
      res.on('data', (c) => { t += c })
      res.on('end', () => resolve(`${res.statusCode} ${res.headers['content-type']} ${JSON.stringify(res.headers['www-authenticate'] ?? '')} ${t.slice(0, 160).replace(/\n/g,'⏎')} [${t.length}]`))
    })
    r.on('error', (e) => resolve('ERR ' + e.message))
    r.end(body)
  })
}
function sock(url: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    const u = new URL(url); const s = connect(Number(u.port), u.hostname, () => s.end(text)); let t = ''
    s.on('data', (c) => { t += c }); s.on('close', () => resolve(t.replace(/\r\n/g, '⏎').slice(0, 400)))
    s.on('error', (e) => resolve('ERR ' + e.message))
    setTimeout(() => s.destroy(), 2000)
  })
}
test('probe', async () => {
  const stack = await startStack(await startGiteaSandbox({ seed: true }))
  const out: string[] = []
  const p = async (m: string, path: string, h = {}, b = '') => out.push(`${m} ${path} -> ${await raw(stack.url, m, path, h, b)}`)
  for (const path of ['//mcp', '/mcp/', '/MCP', '/mcp/../health', '/%6dcp', '/mcp%2f', '/mcp;x', '/.well-known/..%2f..%2fetc/passwd', '/%', '/%c0%ae/', '/%00', '/interaction/..%2f..%2fhealth', '/interaction/%', '/authorize/%00', '/authorize/%ff', '/interaction/%ff', 'http://evil.example/mcp', '*', '/metrics/', '/health/../metrics', '/oauth/callback?state[]=x', '/authorize?client_id[]=a&client_id=b&__proto__=x', '/token', '/oauth/callback?state=%ff', '/?x=%ff'])
    await p('GET', path)
  for (const m of ['PUT','DELETE','PATCH','TRACE','PROPFIND','HEAD','OPTIONS','POST'])
    for (const path of ['/', '/health', '/token', '/register', '/authorize', '/interaction/x', '/mcp', '/nothing'])
      await p(m, path)
  for (const path of ['/register','/token','/oauth/token','/revoke','/mcp']) {
    for (const t of ['application/json', 'application/x-www-form-urlencoded', 'text/xml', 'multipart/form-data; boundary=x']) {
      await p('POST', path, {'content-type': t}, '{"a":')
      await p('POST', path, {'content-type': t}, '[1]')
      await p('POST', path, {'content-type': t}, 'null')
    }
    await p('POST', path, {'content-type': 'application/json'}, JSON.stringify({x: 'y'.repeat(5_000_000)}))
  }
  await p('GET', '/', {host: 'evil.example'}); await p('POST', '/mcp', {host: 'evil.example'}); await p('GET', '/health', {host: 'evil.example'})
  await p('GET', '/.well-known/oauth-authorization-server', {host: 'evil.example'})
  await p('GET', '/.well-known/oauth-authorization-server', {host: '[::1'})
  await p('OPTIONS', '/mcp', {origin: 'https://evil.example', 'access-control-request-method': 'POST'})
  out.push(await sock(stack.url, 'POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n'))
  out.push(await sock(stack.url, 'GET / HTTP/1.1\r\n\r\n'))
  out.push(await sock(stack.url, 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n'))
  out.push(await sock(stack.url, 'nonsense\r\n\r\n'))
  out.push(await sock(stack.url, 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ' + 'a'.repeat(40000) + '\r\n\r\n'))
  const alice = await stack.connect()
  const t = alice.accessToken
  const ask = async (what: string, args: string) => {
    const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_issues","arguments":${args},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}`
    const s = performance.now()
    out.push(`${what} -> ${await raw(stack.url, 'POST', '/mcp', {'content-type': 'application/json', accept: 'application/json, text/event-stream', authorization: `Bearer ${t}`, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'list_issues'}, body)} ${Math.round(performance.now()-s)}ms audit ${JSON.stringify((await readAudit(stack.aegis)).at(-1)).length}`)
    out.push(`${what} legacy -> ${await raw(stack.url, 'POST', '/mcp', {'content-type': 'application/json', accept: 'application/json, text/event-stream', authorization: `Bearer ${t}`, 'mcp-protocol-version': '2025-11-25'}, body)} ${Math.round(performance.now()-s)}ms`)
  }
  await ask('proto', '{"owner":"harbor","repo":"booking","__proto__":{"polluted":"yes"}}')
  await ask('ctor', '{"owner":"harbor","repo":"booking","constructor":{"prototype":{"polluted":"yes"}}}')
  await ask('huge', `{"owner":"harbor","repo":"${'x'.repeat(4_000_000)}"}`)
  await ask('hugekey', `{"owner":"harbor","repo":"booking","${'x'.repeat(4_000_000)}":1}`)
  await ask('manykeys', `{${Array.from({length: 200000}, (_, i) => `"k${i}":1`).join()}}`)
  await ask('deep', `{"owner":"harbor","repo":${'['.repeat(900_000)}${']'.repeat(900_000)}}`)
  await ask('deepobj', `{"owner":"harbor","repo":${'{"a":'.repeat(400_000)}1${'}'.repeat(400_000)}}`)
  await ask('deep20k', `{"owner":"harbor","repo":${'['.repeat(20_000)}${']'.repeat(20_000)}}`)
  await ask('array', '[1,2]'); await ask('null', 'null'); await ask('string', '"x"')
  await p('POST', '/mcp', {'content-type': 'application/json', authorization: `Bearer ${t}`}, '['.repeat(2_000_000) + ']'.repeat(2_000_000))
  await p('POST', `/mcp?access_token=${t}`, {'content-type': 'application/json'}, '{}')
  await p('POST', '/register', {'content-type': 'application/json'}, '['.repeat(10_000) + ']'.repeat(10_000))
  await p('POST', '/register', {'content-type': 'application/json'}, '{"redirect_uris":["https://a.example/cb"],"__proto__":{"x":1},"client_name":"a"}')
  for (const line of stack.aegis.logLines.filter((l) => l.includes('"error"') || l.includes('rror"'))) out.push('LOG ' + line.slice(0, 400))
  out.push('token in log: ' + stack.aegis.logLines.some((l) => l.includes(t)))
  await stack.close(); await stack.gitea.close()
  const { writeFileSync } = await import('node:fs'); writeFileSync('/tmp/probe/out.txt', out.join('\n'))
}, 120000)
