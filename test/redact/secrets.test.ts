import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { fake, fakeBase32, fakeHex } from '../../src/redact/rules/secret-rule.js'
import { SECRET_RULES } from '../../src/redact/rules.js'
import { createRedactor } from '../../src/redact/secrets.js'
import { begin, dashes, end, keyLine } from './key-text.js'

const mask = createRedactor('mask')
const block = createRedactor('block')
const off = createRedactor('off')

describe('every kind of secret', () => {
  test.each(SECRET_RULES.map((rule, index) => ({ ...rule, index })))(
    '$name ($index): its example is found, its counter-example is not',
    (rule) => {
      for (const text of [rule.example, `before ${rule.example} after`, `x\n${rule.example}\ny`, `"${rule.example}"`]) {
        expect(mask(text).found.map((found) => found.rule)).toContain(rule.name)
      }

      expect(mask(rule.counterExample).text).toBe(rule.counterExample)
      expect(rule.keywords.every((keyword) => /^[\x20-\x7e]+$/.test(keyword))).toBe(true)
      expect(rule.pattern.sticky && !rule.pattern.global).toBe(true)
    },
  )

  it('is one of at least seventy', () => {
    expect(new Set(SECRET_RULES.map(({ name }) => name)).size).toBeGreaterThan(70)
  })

  it('is named in the documentation', () => {
    const documented = readFileSync('docs/redaction.md', 'utf8')

    expect(SECRET_RULES.filter(({ name }) => !new RegExp(`\\b${name}\\b`).test(documented))).toEqual([])
  })

  it('leaves nothing of the example behind', () => {
    for (const { example, pattern, isSecret } of SECRET_RULES) {
      const masked = mask(example).text
      const runs = example.match(/[A-Za-z0-9+/_=-]{16,}/g) ?? []

      for (const run of runs.filter((text) => /Fake0|fa4ee|FAKE2|fake2/.test(text))) {
        expect(masked, `${pattern} ${isSecret}`).not.toContain(run.slice(-16))
      }
    }
  })
})

describe('masking', () => {
  it('takes the place of the secret and nothing else', () => {
    const text = `host: db\nDB_PASSWORD="${fake(10)}!" # rotate monthly\nport: 5432\n`

    expect(mask(text)).toEqual({
      text: 'host: db\nDB_PASSWORD="[secret masked: password]" # rotate monthly\nport: 5432\n',
      found: [{ rule: 'password', count: 1 }],
    })
  })

  it('keeps the address of a database readable', () => {
    expect(mask(`postgres://app:${fake(12)}@db.example.com:5432/app?sslmode=require`).text).toBe(
      'postgres://app:[secret masked: url-password]@db.example.com:5432/app?sslmode=require',
    )
  })

  it('keeps the number of lines, so that line numbers stay right', () => {
    const text = `one\n${begin}\n${keyLine}\n${keyLine}\n${end}\nsix\n`

    expect(mask(text).text).toBe('one\n[secret masked: private-key]\n\n\n\nsix\n')
  })

  it('finds a secret that only ends where another was masked', () => {
    const glued = `oy2${fakeBase32(43)}`

    expect(mask(`${glued}dckr_pat_${fake(27)}`).text).toBe('[secret masked: nuget-key][secret masked: docker-token]')
  })

  it('counts each kind', () => {
    const { found } = mask(`ghp_${fake(36)} ghp_${fakeHex(36)} AKIA${'A'.repeat(16)}`)

    expect(found).toEqual([
      { rule: 'github-token', count: 2 },
      { rule: 'aws-access-key-id', count: 1 },
    ])
  })

  it('names a secret that two rules find by the more telling one', () => {
    expect(mask(`GITHUB_TOKEN=ghp_${fake(36)}`).text).toBe('GITHUB_TOKEN=[secret masked: github-token]')
    expect(mask(`https://user:ghp_${fake(36)}@example.com`).text).toBe(
      'https://user:[secret masked: github-token]@example.com',
    )
  })

  it.each([
    'const token: string = await getToken(request.headers)',
    'password = os.environ["DB_PASSWORD"]',
    'if (password !== passwordAgain) throw new PasswordMismatchError2()',
    'token: $' + '{{ secrets.GITHUB_TOKEN }}',
    'DB_PASSWORD=$' + '{DB_PASSWORD}',
    'max_tokens: 4096, temperature: 0.2',
    'secretName: web-tls-2024-cert',
    'api_key: <your-api-key-1234>',
    'secret_file = ./config/secrets/token2.json',
    'The password must have at least 8 characters, 1 digit and 1 symbol.',
    'public_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI someone@host',
    `commit ${fakeHex(40)}\nparent ${fakeHex(40)}`,
    `"integrity": "sha512-${fake(86)}=="`,
    'tokenizer = AutoTokenizer.from_pretrained("bert-base-uncased2")',
    'https://example.com/path?next=/login:8080/@me',
    'import { sk-loader } from "./spinners"',
    'const credentials = credentialProvider.resolve2(options)',
    `${dashes}BEGIN CERTIFICATE${dashes}\n${keyLine}\n${dashes}END CERTIFICATE${dashes}`,
    `${dashes}BEGIN PUBLIC KEY${dashes}\n${keyLine}\n${dashes}END PUBLIC KEY${dashes}`,
  ])('leaves ordinary text alone: %s', (text) => {
    expect(mask(text)).toEqual({ text, found: [] })
  })
})

describe('blocking', () => {
  it('withholds the text and says which kinds it held', () => {
    const { text, found } = block(`a\nghp_${fake(36)}\nb ghp_${fakeHex(36)}\n${begin}\n${keyLine}\n${end}`)

    expect(text).toBe('[withheld because it contains secrets: 2 × github-token, private-key]')
    expect(found).toHaveLength(2)
  })

  it('lets text without secrets through', () => {
    expect(block('nothing here').text).toBe('nothing here')
  })
})

describe('switched off', () => {
  it('leaves everything as it is', () => {
    const text = `ghp_${fake(36)}`

    expect(off(text)).toEqual({ text, found: [] })
  })
})

describe('for every text', () => {
  const pieces = fc.oneof(
    fc.constantFrom(...SECRET_RULES.map(({ example }) => example)),
    fc.constantFrom(...SECRET_RULES.flatMap(({ keywords }) => keywords)),
    fc.constantFrom(
      ' ',
      '\n',
      '=',
      ': ',
      '"',
      "'",
      '`',
      '[',
      ']',
      '@',
      '//',
      '\r\n',
      '- ',
      'é',
      '😀',
      '\\n',
      ':',
      '_',
      '.',
    ),
    fc.string({ maxLength: 12 }),
    fc.integer({ min: 1, max: 70 }).map(fake),
  )
  const text = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''))

  it('what was masked holds nothing more to mask', () => {
    fc.assert(
      fc.property(text, (given) => {
        const once = mask(given).text

        expect(mask(once)).toEqual({ text: once, found: [] })
      }),
      { numRuns: 5000 },
    )
  })

  it('lines stay lines', () => {
    fc.assert(
      fc.property(text, (given) => {
        expect(mask(given).text.split('\n').length).toBe(given.split('\n').length)
      }),
    )
  })

  it('a secret is found wherever it stands apart', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SECRET_RULES), fc.string(), fc.string(), (rule, before, after) => {
        expect(mask(`${before}\n${rule.example}\n${after}`).found.length).toBeGreaterThan(0)
      }),
    )
  })

  it('without any keyword nothing changes', () => {
    const words = SECRET_RULES.flatMap(({ keywords }) => keywords.map((keyword) => keyword.toLowerCase()))

    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (given) => {
        fc.pre(!words.some((word) => given.toLowerCase().includes(word)))

        expect(mask(given)).toEqual({ text: given, found: [] })
      }),
    )
  })
})
