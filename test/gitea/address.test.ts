import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toAddress } from '../../src/gitea/address.js'

const repository = { owner: 'acme', repo: 'web' }

test('a value stays in its segment whatever it is made of', () => {
  expect(toAddress('getTree', { ...repository, treeish: 'main^{commit}:src/a b' }, {})).toBe(
    '/repos/acme/web/git/trees/main%5E%7Bcommit%7D%3Asrc%2Fa%20b',
  )
  expect(toAddress('getCommitDiff', { ...repository, sha: 'abc' }, {})).toBe('/repos/acme/web/git/commits/abc.diff')
})

test('a file path keeps its slashes and nothing else', () => {
  const filepath = 'dir/a # b?c%2F;d&e=f+"g\'[h]\\ü.txt'

  expect(toAddress('getContents', { ...repository, filepath }, { ref: 'a/b' })).toBe(
    "/repos/acme/web/contents-ext/dir/a%20%23%20b%3Fc%252F%3Bd%26e%3Df%2B%22g'%5Bh%5D%5C%C3%BC.txt?ref=a%2Fb",
  )
})

test('limit never goes without page, because Gitea would send every row', () => {
  expect(toAddress('listLabels', repository, { limit: 50 })).toBe('/repos/acme/web/labels?limit=50&page=1')
  expect(toAddress('listLabels', repository, { limit: 50, page: 3 })).toBe('/repos/acme/web/labels?limit=50&page=3')
})

test('undefined query values are left out', () => {
  expect(toAddress('listCommits', repository, { sha: undefined, stat: false })).toBe(
    '/repos/acme/web/commits?stat=false',
  )
})

test.each(['', '.', '..', '../admin', 'a/../b', 'a/./b', '/a', 'a/', 'a//b', 'a\nb', 'a\0b', '\u007f'])(
  'the path %j is refused',
  (filepath) => {
    expect(() => toAddress('getContents', { ...repository, filepath }, {})).toThrow('must not be empty or have empty')
  },
)

test.each(['', '.', '..', 'a/../b', 'x\r\nHost: y'])('the owner %j is refused', (owner) => {
  expect(() => toAddress('getRepository', { owner, repo: 'web' }, {})).toThrow('"owner" must not be empty')
})

test('no values reach another operation than the one that was asked for', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), (owner, filepath) => {
      let address: string
      try {
        address = toAddress('getContents', { owner, repo: 'web', filepath }, { ref: filepath })
      } catch (thrown) {
        // refused, or not encodable because of a lone surrogate
        expect(thrown).toBeInstanceOf(Error)
        return
      }
      const { pathname } = new URL(`http://gitea.example${address}`)
      const [, repos, first, repo, operation] = pathname.split('/')
      expect([repos, decodeURIComponent(first ?? ''), repo, operation]).toEqual(['repos', owner, 'web', 'contents-ext'])
      expect(pathname).toBe(address.split('?')[0])
    }),
  )
})
