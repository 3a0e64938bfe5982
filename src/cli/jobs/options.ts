import { envSections } from '../../config/env.js'
import type { RepositoryName } from '../../gitea/repos.js'
import type { JobQueue, JobRow } from '../../jobs/queue.js'
import { InvalidInput, NotFound } from '../../lib/errors.js'
import { RUN_STATES, type RunState } from '../../tools/automation-port.js'
import { type CommandIo, Misuse } from '../command.js'

/* What `aegis jobs` is told, parsed. */

/** @throws Misuse unless it is owner/name */
export function parseRepository(text: string): RepositoryName {
  const [, owner, repo] = /^([\w.-]{1,100})\/([\w.-]{1,100})$/.exec(text) ?? []
  if (owner === undefined || repo === undefined) {
    throw new Misuse('A repository is written as owner/name.')
  }
  return { owner, repo }
}

/** @throws Misuse naming the states */
export function parseState(text: string | undefined): RunState | undefined {
  const found = RUN_STATES.find((state) => state === text)
  if (text !== undefined && found === undefined) {
    throw new Misuse(`--state is one of ${RUN_STATES.join(', ')}.`)
  }
  return found
}

const MOST = 1000

/** @throws Misuse */
export function parseLimit(text: string): number {
  const limit = Number(text)
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST) {
    throw new Misuse(`--limit is a number from 1 to ${MOST}.`)
  }
  return limit
}

/** @throws Misuse unless it is a JSON object */
export function parseParameters(text: string): Record<string, unknown> {
  // the only way to ask whether text is JSON is to see whether it throws
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { ...value }
    }
  } catch {}
  throw new Misuse(`--parameters is a JSON object, for example '{"days": 60}'.`)
}

/** The one id of a command. @throws Misuse */
export function parseId(positionals: readonly string[]): string {
  const [id, ...more] = positionals
  if (id === undefined || more.length > 0) {
    throw new Misuse('Name one run by its id: aegis jobs list.')
  }
  return id
}

/** @throws NotFound */
export function getRun(queue: JobQueue, id: string): JobRow {
  const row = queue.find(id)
  if (row === undefined) {
    throw new NotFound(`There is no run ${id.slice(0, 64)}. aegis jobs list has their ids; they are kept for 90 days.`)
  }
  return row
}

/** What waits would wait for ever. @throws InvalidInput while the settings switch automation off */
export function checkSwitchedOn({ env }: CommandIo): void {
  if (!envSections.Automation.AUTOMATION_ENABLED.parse(env.AUTOMATION_ENABLED || undefined)) {
    throw new InvalidInput(
      'Automation is switched off, so nobody would run it. Set AUTOMATION_ENABLED=true and AUTOMATION_TOKEN, and start the server again (docs/automation.md).',
    )
  }
}
