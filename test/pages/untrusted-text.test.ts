import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toDisplayAddress, toDisplayName } from '../../src/pages/untrusted-text.js'

describe('a name', () => {
  it.each([
    ['Claude', 'Claude'],
    ['  Claude \n\t Code ', 'Claude Code'],
    ['Größe 名前 عميل', 'Größe 名前 عميل'],
    ['abc\u202Egpj.exe', 'abcgpj.exe'],
    ['Cla\u200Bu\u00ADde\uFEFF', 'Claude'],
    ['Claude ✓ ✅', 'Claude'],
    ['Claude” is verified. “', "Claude' is verified. '"],
    [`Z${'\u0301'.repeat(50)}algo`, 'Ź\u0301\u0301algo'],
    ['\u3164\u2800', 'Unnamed client'],
    ['', 'Unnamed client'],
    ['x'.repeat(51), `${'x'.repeat(49)}…`],
  ])('%j is shown as %j', (given, shown) => {
    expect(toDisplayName(given)).toBe(shown)
  })

  it('is one short line of seen characters, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (given) => {
        const shown = toDisplayName(given)

        expect([...shown].length).toBeGreaterThan(0)
        expect([...shown].length).toBeLessThanOrEqual(50)
        expect(shown).not.toMatch(/[\p{C}\p{Zl}\p{Zp}"“”]/u)
        expect(shown).toBe(shown.trim())
      }),
    )
  })
})

describe('an address', () => {
  it.each([
    ['https://claude.ai/api/mcp/auth_callback', '', 'claude.ai', '/api/mcp/auth_callback'],
    ['https://login.claude.ai.evil.example/', 'login.claude.ai.', 'evil.example', ''],
    ['https://claude.ai@evil.example/x', '', 'evil.example', '/x'],
    ['https://app.example.co.uk:8443/cb?secret=1#x', 'app.', 'example.co.uk:8443', '/cb'],
    ['https://xn--cude-1ya.ai/', '', 'xn--cude-1ya.ai', ''],
    ['https://сlaude.ai/', '', 'xn--laude-0ye.ai', ''],
    ['http://10.1.2.3/', '', '10.1.2.3', ''],
    ['https://[2001:db8::1]/', '', '[2001:db8::1]', ''],
  ])('%s shows whose it is', (uri, subdomain, owner, path) => {
    expect(toDisplayAddress(uri)).toEqual({ subdomain, owner, path })
  })

  it('has a path of bounded length', () => {
    expect(toDisplayAddress(`https://a.example/${'p'.repeat(500)}`).path).toHaveLength(80)
  })
})
