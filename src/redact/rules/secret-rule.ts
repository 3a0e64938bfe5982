/*
 * What a secret looks like. Each kind is one row of data with an example that is found and one that is not, and a test
 * checks every row. The examples are made up, and put together at run time so that scanners of this repository, ours
 * and others', stay quiet.
 */

export interface SecretRule {
  /** What people read in place of the secret: `github-token`. */
  readonly name: string
  /** ASCII words, one of which begins every match. A text without any of them costs one pass and no pattern. */
  readonly keywords: readonly string[]
  /**
   * Sticky, tried where a keyword stands and nowhere else, so its cost is that of one bounded run. Group 1, where there
   * is one, is the part before the secret that stays readable. With the flag `i` keywords are found in any case.
   */
  readonly pattern: RegExp
  /** Where a pattern alone would take ordinary words for secrets. */
  readonly isSecret?: (found: string) => boolean
  /** For what no bounded pattern can describe: where the secret ends whose beginning was found; -1 for none. */
  readonly findEnd?: (text: string, from: number) => number
  /** For a secret whose end was found first: where it begins; -1 for none. */
  readonly findStart?: (text: string, end: number) => number
  readonly example: string
  readonly counterExample: string
}

/** `length` characters that look random enough and say that they are not. */
export function fake(length: number): string {
  return 'Fake0Example1For2Tests3Only4'.repeat(Math.ceil(length / 28)).slice(0, length)
}

export function fakeHex(length: number): string {
  return 'fa4ee1a0f00d5'.repeat(Math.ceil(length / 13)).slice(0, length)
}

/** Base32 in lower case, as Gitea's OAuth secrets are. */
export function fakeBase32(length: number): string {
  return 'fake2example3for4tests5only'.repeat(Math.ceil(length / 27)).slice(0, length)
}

/** Base32 in upper case. */
export function fakeUpper(length: number): string {
  return fakeBase32(length).toUpperCase()
}
