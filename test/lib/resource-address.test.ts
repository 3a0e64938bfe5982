import { UriTemplate } from '@modelcontextprotocol/server'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findAddress, formatAddress, type ResourceAddress } from '../../src/lib/resource-address.js'

const name = fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/).filter((text) => !/^\.\.?$/.test(text))
const segment = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => !text.includes('/') && text !== '.' && text !== '..')
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
const number = fc.integer({ min: 1, max: 2_147_483_647 })
const address: fc.Arbitrary<ResourceAddress> = fc.oneof(
  fc.record({ kind: fc.constant('file' as const), owner: name, repo: name, path }),
  fc.record({ kind: fc.constant('file' as const), owner: name, repo: name, path, ref: path }),
  fc.record({
    kind: fc.constantFrom('issue' as const, 'pull' as const, 'job' as const),
    owner: name,
    repo: name,
    number,
  }),
)

describe('an address', () => {
  it('says again what it was made of, whatever is in the path and the ref', () => {
    fc.assert(
      fc.property(address, (given) => {
        expect(findAddress(formatAddress(given))).toEqual(given)
      }),
      { numRuns: 2000 },
    )
  })

  it('has one spelling: nothing else is read as the same thing', () => {
    fc.assert(
      fc.property(
        fc.oneof(address.map(formatAddress), fc.webUrl(), fc.string()),
        fc.nat(200),
        fc.string({ maxLength: 3 }),
        (uri, at, more) => {
          const changed = `${uri.slice(0, at)}${more}${uri.slice(at + 1)}`
          const found = findAddress(changed)
          if (found !== undefined) {
            expect(formatAddress(found)).toBe(changed.replace(/\?ref=.*$/, (query) => query.replaceAll('%2F', '/')))
          }
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('is what a client makes of the template, for every path without ? and #', () => {
    const template = new UriTemplate('gitea://{owner}/{repo}/file/{+path}{?ref}')
    fc.assert(
      fc.property(name, name, path, path, (owner, repo, file, ref) => {
        fc.pre(!/[?#]/.test(file))
        expect(findAddress(template.expand({ owner, repo, path: file, ref }))).toEqual({
          kind: 'file',
          owner,
          repo,
          path: file,
          ref,
        })
      }),
    )
  })

  it.each([
    ['gitea://acme/web/file/src/app.ts', { path: 'src/app.ts' }],
    ['gitea://acme/web/file/src/app.ts?ref=feature/x', { path: 'src/app.ts', ref: 'feature/x' }],
    ['gitea://acme/web/file/src/app.ts?ref=feature%2Fx', { path: 'src/app.ts', ref: 'feature/x' }],
    ['gitea://acme/web/file/src/[id]/a%20b%23%3F.ts'.replace('[id]', '%5Bid%5D'), { path: 'src/[id]/a b#?.ts' }],
  ])('reads %s', (uri, expected) => {
    expect(findAddress(uri)).toEqual({ kind: 'file', owner: 'acme', repo: 'web', ...expected })
  })

  it.each([
    'gitea://acme/web/file/src/../secret',
    'gitea://acme/web/file/src/%2E%2E/secret',
    'gitea://acme/web/file/src%2Fapp.ts',
    'gitea://acme/web/file/src//app.ts',
    'gitea://acme/web/file//src/app.ts',
    'gitea://acme/web/file/src/app.ts/',
    'gitea://acme/web/file/s%72c/app.ts',
    'gitea://acme/web/file/caf%c3%a9',
    'gitea://acme/web/file/%FF',
    'gitea://acme/web/file/a?ref=',
    'gitea://acme/web/file/a?ref=main&ref=other',
    'gitea://acme/web/file/a#top',
    'gitea://acme%2Fweb/x/issue/1',
    'gitea://acme/web/issue/01',
    'gitea://acme/web/issue/1/log',
    'gitea://acme/web/job/1',
    'gitea://acme/web/issue/1?ref=main',
    'GITEA://acme/web/issue/1',
    'https://acme/web/issue/1',
    'gitea://acme/web',
    '',
  ])('does not take %s for one', (uri) => {
    expect(findAddress(uri)).toBeUndefined()
  })
})
