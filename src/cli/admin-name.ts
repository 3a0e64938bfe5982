import { userInfo } from 'node:os'
import { Misuse, toTerminalText } from './command.js'

/**
 * Who gives an order on this computer, as the audit log gets it.
 *
 * @param given `--by`; without it, the user name
 * @throws Misuse when it does not fit one line
 */
export function parseAdminName(given: string | undefined): string {
  return parseLine('--by', given ?? userInfo().username, 100)
}

/** @throws Misuse for what is empty, too long, or not all visible */
export function parseLine(option: string, text: string, maxChars: number): string {
  const line = text.trim()
  if (line === '' || line.length > maxChars || toTerminalText(line) !== line) {
    throw new Misuse(`${option} is one line of at most ${maxChars} visible characters.`)
  }
  return line
}
