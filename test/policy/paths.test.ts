import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { mayReadPath } from '../../src/policy/decide.js'
import { judgePath } from '../../src/policy/paths.js'
import { policyOf, repo } from './load-text.js'

const denying = (...globs: string[]) =>
  policyOf(JSON.stringify({ repositories: { 'acme/web': { paths: { deny: globs } } } }))
const allowing = (...globs: string[]) =>
  policyOf(JSON.stringify({ repositories: { 'acme/web': { paths: { allow: globs } } } }))
const shows = (policy: ReturnType<typeof policyOf>, path: string) =>
  mayReadPath(policy, repo('acme/web'), path).effect === 'allow'

const TRICKS = [
  'src/secrets/key.pem',
  'SRC/Secrets/KEY.pem',
  'src/secrets/deep/er/key',
  'src/secrets',
  'src/./secrets/key',
  'src//secrets/key',
  '/src/secrets/key',
  './src/secrets/key',
  'src/x/../secrets/key',
  'src/secrets/key/',
  'src\\secrets\\key',
  'src%2Fsecrets%2Fkey',
  'src%252Fsecrets%252fkey',
  'src%25252525252525252Fsecrets',
  'src/%73ecrets/key',
  'src/%2573ecrets/key',
  'src/x%2f..%2Fsecrets/key',
  'src/%2e%2e/src/secrets/key',
  'src/%c0%ae%c0%ae/secrets/key',
  'src/secrets%00/key',
  'src/secrets\u0000/key',
  'src/secrets\n/key',
  'src/secrets./key',
  'src/secrets /key',
  'src/secrets. . /key',
  'src/ｓｅｃｒｅｔｓ/key',
  'src／secrets／key',
  'src⁄secrets⁄key',
  'src/s\u0435crets/key', // Cyrillic е
  'src/sec\u200brets/key',
  'src/sec\u00adrets/key',
  'src/\u202esecrets/key',
  'src/se\u0301crets/key',
  'src/s\u00e9crets/key',
  'src/𝓼𝓮𝓬𝓻𝓮𝓽𝓼/key',
  'src/ꜱᴇᴄʀᴇᴛꜱ/key',
  'src/ſecretſ/key',
  'src/secrets\u{e0020}/key',
  'src/secrets\ufe0f/key',
  'src/ЅЕСRЕТЅ/key',
  '\ud800/src/secrets/key',
  'src/．．/src/secrets/key',
  'src/‥/src/secrets/key',
]

describe('a denied path', () => {
  test.each(TRICKS)('stays denied when written as %j', (path) => {
    expect(shows(denying('src/secrets/*'), path)).toBe(false)
    expect(shows(denying('SRC/Secrets'), path)).toBe(false)
  })

  it('leaves its neighbours readable', () => {
    const policy = denying('src/secrets/*')

    for (const path of [
      'src/secret/key',
      'src/secrets.md',
      'other/src/secrets/key',
      'src/a%20b.md',
      '100%.md',
      'src/日本.ts',
    ]) {
      expect(shows(policy, path), path).toBe(true)
    }
  })

  it('is denied at any depth when the rule has no slash, and at the root when it starts with one', () => {
    for (const path of ['.env', 'a/b/.ENV', '.env/x', 'a/.env/x']) {
      expect(shows(denying('.env'), path), path).toBe(false)
    }
    expect(shows(denying('/.env'), '.env')).toBe(false)
    expect(shows(denying('/.env'), 'a/.env')).toBe(true)
  })

  it.each(['dir', 'dir/', 'dir/*', 'dir/**', '/dir', 'dir/**/*'])(
    'covers the folder and all in it when written %s',
    (glob) => {
      for (const path of ['dir', 'dir/a', 'dir/.hidden', 'dir/a/b']) {
        expect(shows(denying(glob), path), path).toBe(false)
      }
      expect(shows(denying(glob), 'directory')).toBe(true)
    },
  )

  it('is found in names that are not Latin, whatever their case and composition', () => {
    expect(shows(denying('ΝΟΜΟΣ/'), 'νομος/a')).toBe(false)
    expect(shows(denying('Пароли'), 'пароли/a')).toBe(false)
    expect(shows(denying('Straße'), 'STRASSE')).toBe(true)
    expect(shows(denying('caf\u00e9'), 'cafe\u0301')).toBe(false)
    expect(shows(denying('?.txt'), '😀.txt')).toBe(false)
  })

  it('is found through any mix of tricks', () => {
    const letter = (c: string) =>
      fc.constantFrom(
        c,
        c.toUpperCase(),
        `%${c.charCodeAt(0).toString(16)}`,
        `%25${c.charCodeAt(0).toString(16)}`,
        String.fromCodePoint(c.charCodeAt(0) + 0xfee0),
        `${c}\u200d`,
        `${c}\u0301`,
      )
    const word = (text: string) => fc.tuple(...[...text].map(letter)).map((letters) => letters.join(''))
    const slash = fc.constantFrom('/', '//', '/./', '%2f', '\\', '／', '/x/../')

    fc.assert(
      fc.property(
        word('keys'),
        slash,
        word('prod'),
        slash,
        fc.stringMatching(/^[a-z./%]{0,8}$/),
        (a, s1, b, s2, rest) => {
          expect(shows(denying('keys/prod'), `${a}${s1}${b}${s2}${rest}`)).toBe(false)
        },
      ),
    )
  })
})

describe('an allowed path', () => {
  it('is compared exactly: no other case, no look-alike, no encoding', () => {
    const policy = allowing('src/', 'caf\u00e9.md')

    expect(shows(policy, 'src/a/b.ts')).toBe(true)
    expect(shows(policy, 'cafe\u0301.md')).toBe(true)
    for (const path of [
      'SRC/a',
      'ｓrc/a',
      's%72c/a',
      'srс/a',
      'a/src/b',
      'src2/a',
      'src/../a',
      'README.md',
      'caf\u00e9.MD',
    ]) {
      expect(shows(policy, path), path).toBe(false)
    }
  })

  it('starts at the root, also when the rule has no slash', () => {
    expect(shows(allowing('*.md'), 'a.md')).toBe(true)
    expect(shows(allowing('*.md'), 'docs/a.md')).toBe(false)
    expect(shows(allowing('**/*.md'), 'docs/a.md')).toBe(true)
    expect(shows(allowing('{a,b}/x-[0-9].ts'), 'b/x-7.ts')).toBe(true)
    expect(shows(allowing('app/[id]/*.tsx'), 'app/[id]/page.tsx')).toBe(true)
  })

  it('is nothing when the list is empty, and everything with **', () => {
    expect(shows(allowing(), 'a')).toBe(false)
    expect(shows(allowing('**'), 'a/.b')).toBe(true)
    expect(shows(allowing('*'), 'a/.b')).toBe(true)
  })

  it('never reaches outside the allowed folder', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 12 }),
        fc.array(fc.constantFrom('..', '.', '', '%2e%2e', 'src', 'x', '\\')),
        (text, parts) => {
          const path = ['src', ...parts, text].join('/')

          if (shows(allowing('src/'), path)) {
            expect(
              new URL(`http://h/${path.split('/').map(encodeURIComponent).join('/')}`).pathname.startsWith('/src/'),
            ).toBe(true)
          }
        },
      ),
    )
  })
})

describe('where no rule speaks about paths', () => {
  it('a file with an odd name is still shown', () => {
    expect(shows(policyOf('{}'), 'a\\b.txt')).toBe(true)
  })
})

describe('a path that cannot be judged', () => {
  it.each([
    ['a/../b', 'The path contains “.” or “..”; write it from the root of the repository.'],
    ['/a', 'The path starts with “/”; write it from the root of the repository, without a slash in front.'],
    ['a/', 'The path has an empty part (“//” or a slash at its end); leave it out.'],
    ['a%2e%2e%2fb', 'The path hides a slash, a dot segment or a control character behind “%”; write it plainly.'],
    ['x'.repeat(256), 'A part of the path is longer than 255 characters.'],
    ['a/'.repeat(600), 'The path is longer than 1024 characters.'],
  ])('%j is refused with what to change', (path, reason) => {
    expect(judgePath(path)).toEqual({ ok: false, reason })
  })
})
