import { z } from 'zod'
import type { Finding, JobContext } from '../../define-job.js'

/* What a repository's alerts told already, so that the same commit on another branch is no news. */

type Marks = Pick<JobContext<unknown>, 'recall' | 'remember'>

const KNOWN = 'known'
const SHOWN = 'shown'
const MOST_KNOWN = 5000
const MOST_SHOWN = 300

const Fingerprints = z.array(z.string())
const Findings = z.array(
  z.object({
    fingerprint: z.string(),
    rule: z.string(),
    severity: z.literal('error'),
    message: z.string(),
    path: z.string(),
    line: z.int(),
  }),
)

/** Fingerprints of what was told. */
export function recallKnown({ recall }: Marks): ReadonlySet<string> {
  const kept = recall(KNOWN)
  return new Set(kept === undefined ? [] : Fingerprints.parse(JSON.parse(kept)))
}

export function rememberKnown(marks: Marks, fingerprints: readonly string[]): void {
  if (fingerprints.length === 0) {
    return
  }
  const all = new Set([...recallKnown(marks), ...fingerprints])
  marks.remember(KNOWN, JSON.stringify([...all].slice(-MOST_KNOWN)))
}

/** What the issue of the repository lists until people close it. */
export function recallShown({ recall }: Marks): readonly Finding[] {
  const kept = recall(SHOWN)
  return kept === undefined ? [] : Findings.parse(JSON.parse(kept))
}

/** @returns what is kept: the newest */
export function rememberShown({ remember }: Marks, findings: readonly Finding[]): readonly Finding[] {
  const kept = findings.slice(-MOST_SHOWN)
  remember(SHOWN, JSON.stringify(kept))
  return kept
}
