/* Versions and specifiers of Python packages: https://packaging.python.org/en/latest/specifications/version-specifiers/ */

export interface PythonVersion {
  readonly epoch: number
  readonly release: readonly number[]
  /** Orders dev, alpha, beta, candidate, release and post. */
  readonly stage: readonly number[]
}

const VERSION =
  /^v?(?:(\d{1,9})!)?(\d{1,9}(?:\.\d{1,9}){0,9})(?:[._-]?(a|b|c|rc|alpha|beta|pre|preview)[._-]?(\d{0,9}))?(?:-(\d{1,9})|[._-]?(post|rev|r)[._-]?(\d{0,9}))?(?:[._-]?(dev)[._-]?(\d{0,9}))?(?:\+[a-z0-9._-]*)?$/

const STAGES: Readonly<Record<string, number>> = { a: 1, alpha: 1, b: 2, beta: 2, c: 3, rc: 3, pre: 3, preview: 3 }
const FINAL = 4

/** Undefined for what is no version; the local part after + does not count. */
export function parsePythonVersion(text: string): PythonVersion | undefined {
  const found = VERSION.exec(text.trim().toLowerCase())
  if (found === null) return undefined
  const [, epoch, release = '', pre, preNumber, bare, post, postNumber, dev, devNumber] = found
  const isPost = bare !== undefined || post !== undefined
  const isEarly = pre === undefined && !isPost && dev !== undefined
  return {
    epoch: Number(epoch ?? 0),
    release: release.split('.').map(Number),
    stage: [
      isEarly ? 0 : pre === undefined ? FINAL : (STAGES[pre] ?? FINAL),
      Number(preNumber ?? 0),
      isPost ? Number(bare ?? postNumber ?? 0) + 1 : 0,
      dev === undefined ? Number.POSITIVE_INFINITY : Number(devNumber ?? 0),
    ],
  }
}

/** Negative when `a` comes first. */
export function comparePythonVersions(a: PythonVersion, b: PythonVersion): number {
  return (
    compareNumbers([a.epoch], [b.epoch]) || compareNumbers(a.release, b.release) || compareNumbers(a.stage, b.stage)
  )
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const [x, y] = [a[at] ?? 0, b[at] ?? 0]
    if (x !== y) return x < y ? -1 : 1
  }
  return 0
}

/** Whether a version fits all specifiers of `>=1.2,<2`; undefined when one of them cannot be told. */
export function satisfiesSpecifiers(version: string, specifiers: string): boolean | undefined {
  const parsed = parsePythonVersion(version)
  if (parsed === undefined || specifiers.length > 500) return undefined
  let isAll = true
  for (const part of specifiers.split(',').map((text) => text.trim())) {
    const answer = part === '' || part === '*' ? true : satisfiesOne(parsed, part)
    if (answer === undefined) return undefined
    isAll &&= answer
  }
  return isAll
}

function satisfiesOne(version: PythonVersion, specifier: string): boolean | undefined {
  const [, operator = '', text = ''] = /^(~=|===|==|!=|<=|>=|<|>)\s*(\S+)$/.exec(specifier) ?? []
  const isPrefix = text.endsWith('.*')
  const wanted = parsePythonVersion(isPrefix ? text.slice(0, -2) : text)
  if (wanted === undefined) return undefined
  const startsWith = (release: readonly number[]) =>
    version.epoch === wanted.epoch && release.every((number, at) => (version.release[at] ?? 0) === number)
  const order = comparePythonVersions(version, wanted)
  switch (operator) {
    case '==':
      return isPrefix ? startsWith(wanted.release) : order === 0
    case '!=':
      return isPrefix ? !startsWith(wanted.release) : order !== 0
    case '>=':
      return order >= 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '<':
      return order < 0
    case '~=':
      return order >= 0 && startsWith(wanted.release.slice(0, -1))
    default:
      return undefined
  }
}

/** Poetry's `^1.2` and `~1.2` as specifiers; everything else as it is. */
export function toSpecifiers(requirement: string): string {
  return requirement
    .split(',')
    .map((part) => {
      const [, sign, text = ''] = /^\s*([\^~])\s*(\d+(?:\.\d+)*)\s*$/.exec(part) ?? []
      if (sign === undefined) return part.trim().replace(/^(?=\d[\w.*]*$)/, '==')
      const numbers = text.split('.').map(Number)
      const first = numbers.findIndex((number) => number !== 0)
      const kept = sign === '^' ? (first === -1 ? numbers.length : first + 1) : Math.min(2, numbers.length)
      const high = [...numbers.slice(0, kept - 1), (numbers[kept - 1] ?? 0) + 1]
      return `>=${text},<${high.join('.')}.dev0`
    })
    .join(',')
}
