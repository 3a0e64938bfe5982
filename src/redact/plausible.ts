/*
 * Judges what stands where a secret is expected. Source code is full of `token: string` and `password = getPassword()`;
 * masking those would make answers useless, so a value counts only when it looks made, not written.
 */

/** Characters that are looked at; a secret that looks like none for so long is none. */
const JUDGED = 256

const PLACEHOLDER =
  /^[$%<{[(*#]|\$\{|\{\{|^(?:x+|\.+|-+|_+)$|^(?:null|none|true|false|undefined|example|placeholder|changeme|redacted)$/i
/** A call, an index, a path, or a place where something is masked already. */
const CODE = /^[\w$.]+[[(]|[\w\]]\(|\[secret |::|->|=>|^\.{0,2}\/|:\/\//
const CALL_OR_PATH = /[()[\]{}<>]|::|->|^\.{0,2}\/|:\/\//
const DOTTED_NAME = /^[A-Za-z_$][\w$]{0,40}(?:\??\.[A-Za-z_$][\w$]{0,40})+$/
const WORD = /^(?:[a-z]{1,15}|[A-Z][a-z]{1,14}|[A-Z]{1,15}|[A-Za-z]{1,4}\d{1,2}|\d{1,4})$/
/** `maxTokens`, `HttpHeaderName2`: words put together the way identifiers are. */
const CAMEL = /^[a-z]{0,15}(?:[A-Z][a-z]{1,15}){0,8}\d{0,2}$/

/** Whether `found`, standing where a password is expected, is one rather than code, a placeholder or a word. */
export function isLikelyPassword(found: string): boolean {
  const value = found.slice(0, JUDGED)
  if (value.length < 6 || PLACEHOLDER.test(value) || CODE.test(value) || DOTTED_NAME.test(value)) {
    return false
  }
  if (!/[A-Za-z]/.test(value) || !/[\d!@#$%^&*+=?~|\\]/.test(value)) {
    return false
  }
  return toEntropy(value) >= 2.2 && !/\s(?:\S+\s+){3}/.test(value)
}

/** Whether `found`, standing where a key or token is expected, is one rather than a name, a path or a word. */
export function isLikelyKey(found: string): boolean {
  const value = found.slice(0, JUDGED)
  if (value.length < 12 || PLACEHOLDER.test(value) || CALL_OR_PATH.test(value)) {
    return false
  }
  if (!/[A-Za-z]/.test(value) || !/\d/.test(value) || CAMEL.test(value)) {
    return false
  }
  if (DOTTED_NAME.test(value) && value.replace(/\D/g, '').length <= 3) {
    return false
  }
  if (value.length < 80 && value.split(/[-_.:/]/).every((part) => part === '' || WORD.test(part) || CAMEL.test(part))) {
    return false
  }
  return toEntropy(value) >= 3
}

/** Whether `value` is `user:password` in base64, as HTTP's Basic scheme and docker's config.json have it. */
export function isBasicPair(value: string): boolean {
  const decoded = Buffer.from(value, 'base64').toString('latin1')
  return /^[\x20-\x7e]*:[\x20-\x7e]+$/.test(decoded)
}

/** Digits and letters mixed: what random strings have and hyphenated words do not. */
export function isMixed(value: string): boolean {
  return /\d/.test(value) && /[a-z]/i.test(value)
}

/** Shannon entropy in bits per character, of the first 64. */
function toEntropy(value: string): number {
  const length = Math.min(value.length, 64)
  const counts = new Uint8Array(128)
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i) & 127
    counts[code] = (counts[code] ?? 0) + 1
  }
  let bits = 0
  for (const count of counts) {
    bits -= count === 0 ? 0 : (count / length) * Math.log2(count / length)
  }
  return bits
}
