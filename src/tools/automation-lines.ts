import type { AutomationEffect, AutomationFinding } from './automation-port.js'
import { toOneLine } from './lines.js'

/* What a run did or found, in a line each, for models and for terminals. */

const SAID: Readonly<Record<AutomationEffect['status'], string>> = {
  made: 'Did',
  already_made: 'Done before',
  planned: 'Would',
}
/** Long texts are told by their beginning; data has all of them. */
const MOST_CHARS = 400

/** `Would: label #12 with “stale” · add_labels owner=acme repo=web issue_number=12 labels=stale`. */
export function describeEffect({ tool, what, status, made, arguments: args }: AutomationEffect): string {
  const where = made === undefined ? '' : ` ${made}`
  const sent = args === undefined ? '' : ` · ${tool} ${describeArguments(args)}`
  return `${SAID[status]}: ${toOneLine(what)}${where}${sent}`
}

function describeArguments(args: Readonly<Record<string, unknown>>): string {
  return Object.entries(args)
    .map(([name, value]) => `${name}=${toShort(toValue(value))}`)
    .join(' ')
}

function toValue(value: unknown): string {
  if (Array.isArray(value)) {
    return value.map(toValue).join(',')
  }
  return typeof value === 'string' ? toOneLine(value) : (JSON.stringify(value) ?? '')
}

function toShort(text: string): string {
  return text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS).toWellFormed()}…` : text
}

/** `error unpinned_image Dockerfile:3: The image node has no digest.`. */
export function describeFinding({ severity, rule, message, path, line }: AutomationFinding): string {
  const where = path === undefined ? '' : ` ${toOneLine(path)}${line === undefined ? '' : `:${line}`}`
  return `${severity} ${rule}${where}: ${toOneLine(message)}`
}
