import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Files that git tracks or would add, so that a rule also holds for what is not committed yet. */
export function listFiles(...patterns: readonly string[]): string[] {
  const output = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z', '--', ...patterns], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  return output.split('\0').filter((file) => file !== '' && existsSync(file))
}
