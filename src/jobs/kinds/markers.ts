import { sha256Hex } from '../../lib/crypto.js'

/*
 * What a job writes carries a mark that readers do not see, so that it is found again: by the job that edits it, and
 * after a crash that left open whether it was made. Only what the automation's own account wrote counts: anybody can
 * write the same mark.
 */

/** @param key of the change, which may hold anything */
export function toMarker(job: string, key: string): string {
  return `<!-- aegis:${job}:${sha256Hex(key).slice(0, 16)} -->`
}

/** The text of people inside a text of ours: one line, bounded, without mentions, markup and references. */
export function quoteText(text: string, maxChars = 120): string {
  const line = text.replace(/\s+/g, ' ').trim()
  const short = line.length > maxChars ? `${line.slice(0, maxChars).toWellFormed()}…` : line
  // a zero-width joiner after @ and # keeps Gitea from telling people and from linking issues
  return short.replace(/[\\`*_[\]<>|~]/g, '\\$&').replace(/([@#!])(?=\w)/g, '$1\u2060')
}
