import { describe, expect, it, test } from 'vitest'
import { cutText } from '../../src/redact/bounds.js'
import { fake, fakeHex } from '../../src/redact/rules/secret-rule.js'
import { createRedactor } from '../../src/redact/secrets.js'
import { begin, dashes, end, keyLine } from './key-text.js'

const mask = createRedactor('mask')

describe('a private key', () => {
  const json = `{"type":"service_account","private_key":"${begin}\\n${keyLine}\\n${keyLine}\\n${end}\\n","client_email":"a@b.c"}`

  test.each([
    ['cut off after some lines', `${begin}\n${keyLine}\n${fake(30)}`],
    ['cut off in its first line', `${begin}\n${fake(40)}`],
    ['with its END line missing and text after it', `${begin}\n${keyLine}\n${keyLine}\nnow something else`],
    ['with headers', `${begin}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,${fakeHex(32)}\n\n${keyLine}\n${end}`],
    [
      'with headers and no END line',
      `${begin}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,${fakeHex(32)}\n\n${keyLine}\n`,
    ],
    ['indented in YAML', `key: |\n    ${begin}\n    ${keyLine}\n    ${keyLine}\n    ${end}\n`],
    ['in JSON', json],
    ['in JSON, cut off', json.slice(0, -60)],
    ['added in a diff', `+${begin}\n+${keyLine}\n+${keyLine}\n+${end}\n`],
    ['removed in a diff', `-${begin}\n-${keyLine}\n-${keyLine}\n-${end}\n`],
    ['removed in a diff, cut off', `-${begin}\n-${keyLine}\n-${keyLine}\n`],
    ['with line numbers', `10: ${begin}\n11: ${keyLine}\n12: ${keyLine}\n13: ${end}\n`],
    ['with Windows line ends', `${begin}\r\n${keyLine}\r\n${keyLine}\r\n${end}\r\n`],
    ['as strings of a program', `"${begin}\\n" +\n"${keyLine}\\n" +\n"${keyLine}\\n" +\n"${end}"`],
    ['without its beginning', `${keyLine}\n${keyLine}\n${fake(20)}==\n${end}\n`],
    ['without its beginning, removed in a diff', `-${keyLine}\n-${keyLine}\n-${end}\n`],
    [
      'of OpenSSH',
      `${dashes}BEGIN OPENSSH PRIVATE KEY${dashes}\n${keyLine}\n${dashes}END OPENSSH PRIVATE KEY${dashes}`,
    ],
    [
      'of PGP',
      `${dashes}BEGIN PGP PRIVATE KEY BLOCK${dashes}\nVersion: 1\n\n${keyLine}\n=abcd\n${dashes}END PGP PRIVATE KEY BLOCK${dashes}`,
    ],
    [
      'of SSH2',
      `---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: "x"\n${keyLine}\n---- END SSH2 ENCRYPTED PRIVATE KEY ----`,
    ],
    ['that is very long', `${begin}\n${`${keyLine}\n`.repeat(300)}${end}`],
    ['that is very long and cut off', `${begin}\n${`${keyLine}\n`.repeat(2000)}`],
  ])('is masked whole: %s', (_how, text) => {
    const masked = mask(text)

    expect(masked.text).not.toMatch(/Fake0Example1For/)
    expect(masked.found).toEqual([{ rule: 'private-key', count: 1 }])
    expect(masked.text.split('\n').length).toBe(text.split('\n').length)
  })

  it('does not take the text after it along', () => {
    expect(mask(`${begin}\n${keyLine}\nnow something else\n`).text).toContain('now something else')
    expect(mask(json).text).toContain('"client_email":"a@b.c"')
  })

  it('does not leak however short an answer is cut', () => {
    const text = `${'x'.repeat(50)}\n${begin}\n${`${keyLine}\n`.repeat(8)}${end}\nghp_${fake(36)}\n`
    const { text: masked } = mask(text)

    for (let max = 0; max <= text.length; max++) {
      expect(cutText(masked, max).text).not.toMatch(/Fake0Ex/)
    }
  })
})
