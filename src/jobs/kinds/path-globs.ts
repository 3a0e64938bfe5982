import { z } from 'zod'
import { compileAllowGlob, findGlobProblem } from '../../policy/globs.js'

/* Paths as parameters of jobs: globs of the policy, `*`, `**`, `?`, `{a,b}`, from the top of the repository. */

const glob = z.string().superRefine((text, context) => {
  const problem = findGlobProblem(text)
  if (problem !== undefined) {
    context.addIssue({ code: 'custom', message: `“${text.slice(0, 50)}” ${problem}` })
  }
})

/** A parameter that is a list of them. */
export function pathGlobs(fallback: readonly string[], description: string) {
  return z
    .array(glob)
    .max(100)
    .default([...fallback])
    .describe(description)
}

/** Tells whether a path, or a folder it lies in, is meant by one of the globs; none mean nothing. */
export function createPathFilter(globs: readonly string[]): (path: string) => boolean {
  const patterns = globs.map(compileAllowGlob)
  return (path) => {
    const name = path.normalize('NFC')
    return patterns.some((pattern) => pattern.test(name))
  }
}
