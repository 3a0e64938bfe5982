import { InvalidInput } from '../lib/errors.js'
import { type OperationName, operations } from './operations.js'

export type PathValues = Readonly<Record<string, string | number>>
export type QueryValues = Readonly<Record<string, string | number | boolean | undefined>>

const PLACEHOLDER = /\{(\*?)([a-z]+)\}/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it finds
const CONTROL = /[\u0000-\u001f\u007f]/

/**
 * The path and query of an operation, encoded so that no value can leave its place.
 *
 * @throws InvalidInput for a value that is empty, has `.` or `..` as a segment, control characters or broken Unicode
 */
export function toAddress(name: OperationName, path: PathValues, query: QueryValues): string {
  const filled = operations[name].path.replaceAll(PLACEHOLDER, (_, many: string, key: string) => {
    const value = String(path[key] ?? '')
    const segments = value.split('/')
    const unusable = segments.some((segment) => segment === '.' || segment === '..' || (segment === '' && many === '*'))
    // half a surrogate pair has no percent-encoding
    if (value === '' || unusable || CONTROL.test(value) || !value.isWellFormed()) {
      throw new InvalidInput(`"${key}" must not be empty or have empty, "." or ".." parts or broken characters.`)
    }
    return many === '*' ? segments.map(encodeURIComponent).join('/') : encodeURIComponent(value)
  })
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value))
  // Gitea ignores `limit` on many lists unless `page` is there too, and sends every row
  if (search.has('limit') && !search.has('page')) search.set('page', '1')
  return search.size === 0 ? filled : `${filled}?${search}`
}
