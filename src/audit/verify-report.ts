import type { Verification } from './verify.js'

/** What a verification means, in plain lines. */
export function toReport(result: Verification): string[] {
  const range = result.entries === 0 ? 'no entries' : toRange(result)
  switch (result.verdict) {
    case 'broken': {
      const where = result.failure?.line === undefined ? '' : ` (line ${result.failure.line})`
      const held = result.lastSeq > result.after ? `Up to entry ${result.lastSeq} the chain holds.` : undefined
      return [`The audit log is NOT intact${where}: ${result.failure?.reason ?? ''}`, ...(held ? [held] : [])]
    }
    case 'filtered':
      return [
        `This is a filtered export: ${range}, each of them intact by itself.`,
        'NOT proven: whether entries were left out, added or replaced. Export without filters to check the chain.',
      ]
    case 'intact':
      return [
        `The audit log is intact: ${range}, every hash and every link holds.`,
        ...toSignatureLines(result),
        ...(result.isStartSigned
          ? []
          : [`Its start is not signed: check it together with the segment that ends at entry ${result.after}.`]),
        ...(result.openCalls === 0 ? [] : [`${toCount(result.openCalls, 'call')} without an outcome so far.`]),
        `Head: ${result.headHash}`,
      ]
  }
}

function toSignatureLines(result: Verification): string[] {
  const published =
    result.publishedChecked === 0
      ? []
      : [`${toCount(result.publishedChecked, 'published checkpoint agrees', 'published checkpoints agree')} with it.`]
  if (!result.hasKeys) {
    return [
      ...published,
      'Signatures were NOT checked, no public key was given: whoever can write the log could have recomputed all of it.',
    ]
  }
  if (result.signedUpTo === 0) {
    return [
      ...published,
      'No signed checkpoint covers it: whoever can write the log could have recomputed all of it, or cut its end.',
    ]
  }
  const tail = result.lastSeq - result.signedUpTo
  return [
    `Signed up to entry ${result.signedUpTo} (${toCount(result.checkpoints, 'checkpoint')} in it).`,
    ...published,
    ...(tail === 0 ? [] : [`${toCount(tail, 'entry', 'entries')} behind it not signed yet.`]),
  ]
}

function toRange({ entries, after, lastSeq, verdict }: Verification): string {
  const count = toCount(entries, 'entry', 'entries')
  return verdict === 'filtered' ? count : `${count} (${after + 1} to ${lastSeq})`
}

function toCount(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
