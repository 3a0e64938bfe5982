import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileAllowGlob, compileDenyGlob, findGlobProblem } from '../../src/policy/globs.js'

/** What docs/policy.md says a glob means, written the slow and obvious way. */
function covers(glob: string, path: string): boolean {
  const want = glob.split('/')
  const have = path.split('/')
  const walk = (w: number, h: number): boolean => {
    const part = want[w]
    if (part === undefined) {
      return true // the glob named this folder or file: all in it is covered
    }
    if (part === '**') {
      return walk(w + 1, h) || (h < have.length && walk(w, h + 1))
    }
    const name = have[h]
    return name !== undefined && namesMatch(part, name) && walk(w + 1, h + 1)
  }
  return walk(0, 0)
}

function namesMatch(part: string, name: string): boolean {
  const [first] = part
  if (first === undefined) {
    return name === ''
  }
  if (first === '*') {
    return namesMatch(part.slice(1), name) || (name !== '' && namesMatch(part, name.slice(1)))
  }
  return name !== '' && (first === '?' || first === name[0]) && namesMatch(part.slice(1), name.slice(1))
}

const name = fc.stringMatching(/^[ab.]{1,3}$/).filter((text) => text !== '.' && text !== '..')
const part = fc.oneof(fc.constant('**'), fc.stringMatching(/^[ab.*?]{1,4}$/))
const glob = fc
  .array(part, { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('/'))
  .filter((text) => findGlobProblem(text) === undefined && !/\*$/.test(text))
const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'))

describe('a glob', () => {
  it('means what the documentation says', () => {
    fc.assert(
      fc.property(glob, path, (pattern, file) => {
        expect(compileAllowGlob(pattern).test(file), `${pattern} on ${file}`).toBe(covers(pattern, file))
      }),
      { numRuns: 3000 },
    )
  })

  it('without wildcards means exactly itself, whatever characters it is made of', () => {
    const plain = fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' })

    fc.assert(
      fc.property(plain, plain, (text, other) => {
        fc.pre(findGlobProblem(text) === undefined && !/[*?[\]{}]/.test(text))
        const own = text.normalize('NFC').replace(/^\/|\/$/g, '')

        expect(compileAllowGlob(text).test(own)).toBe(true)
        expect(compileAllowGlob(text).test(`${own}/x`)).toBe(true)
        expect(compileAllowGlob(text).test(`x${own}`)).toBe(false)
        expect(compileAllowGlob(text).test(other)).toBe(other === own || other.startsWith(`${own}/`))
      }),
      { numRuns: 2000 },
    )
  })

  it('never takes long, however a path is made to make it try again', () => {
    const globs = ['**/*a*a*b/**/*a*b/**/x', '*a*a*b', '**/a/**/a/**/b', '{a,aa,aaa}*{a,aa}*b', '?*?*?*b']
    const paths = ['a'.repeat(255), 'a/'.repeat(63).concat('a'), `${'a'.repeat(254)}/`.repeat(4).concat('a')]
    const matchers = globs.flatMap((each) => [compileAllowGlob(each), ...compileDenyGlob(each)])

    const start = performance.now()
    const hits = paths.flatMap((file) => matchers.filter((matcher) => matcher.test(file)))

    expect(hits).toEqual([])
    // 15 pairs, some 30 ms each at the worst; without the bounds on globs and paths this would be minutes
    expect(performance.now() - start).toBeLessThan(5000)
  })
})
