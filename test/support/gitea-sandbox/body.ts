/**
 * Request bodies as go-chi/binding reads them: JSON, urlencoded or none; JSON keys match regardless of case, unknown
 * ones are ignored.
 */
import { type RawRequest, refuseWith } from './exchange.js'

export type Fields = ReadonlyMap<string, unknown>

function contentType(request: RawRequest): string {
  return (request.headers['content-type'] ?? '').toLowerCase()
}

function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
}

function parseJson(source: string): unknown {
  // Unparsable bodies are an expected input here, answered with 422 by the caller.
  try {
    return JSON.parse(source)
  } catch {
    return undefined
  }
}

export function isForm(request: RawRequest): boolean {
  return contentType(request).startsWith('application/x-www-form-urlencoded')
}

/** The urlencoded fields of the body, empty when it is no form. */
export function readForm(request: RawRequest): URLSearchParams {
  return new URLSearchParams(isForm(request) ? request.body.toString('utf8') : '')
}

/** Fields by lower-case name. Refuses with Gitea's 422 when the body cannot be bound. */
export function readFields(request: RawRequest): Fields {
  const type = contentType(request)
  if (isForm(request)) return new Map([...readForm(request)].map(([name, value]) => [name.toLowerCase(), value]))
  if (!type.includes('json')) {
    refuseWith(request, 422, type === '' ? '[]: Empty Content-Type' : '[]: Unsupported Content-Type')
  }
  const source = request.body.toString('utf8')
  const record = asRecord(source.trim() === '' ? {} : parseJson(source))
  if (!record) {
    refuseWith(request, 422, `[]: invalid character '${source.trim().charAt(0)}' looking for beginning of value`)
  }
  return new Map(Object.entries(record).map(([name, value]) => [name.toLowerCase(), value]))
}

function mismatch(request: RawRequest, name: string, wanted: string): never {
  // Gitea names its own struct here; callers can rely on the beginning only.
  refuseWith(request, 422, `[]: json: cannot unmarshal ${name} into Go struct field of type ${wanted}`)
}

export function findText(request: RawRequest, fields: Fields, name: string): string | undefined {
  const value = fields.get(name)
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : mismatch(request, name, 'string')
}

export function findNumber(request: RawRequest, fields: Fields, name: string): number | undefined {
  const value = fields.get(name)
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' && isForm(request) && /^\d+$/.test(value)) return Number(value)
  return typeof value === 'number' ? value : mismatch(request, name, 'int64')
}

export function findFlag(request: RawRequest, fields: Fields, name: string): boolean | undefined {
  const value = fields.get(name)
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' && isForm(request)) return ['true', '1', 'on'].includes(value)
  return typeof value === 'boolean' ? value : mismatch(request, name, 'bool')
}

/** A list whose items are left to the caller; a single form value is a list of one. */
export function findList(request: RawRequest, fields: Fields, name: string): readonly unknown[] | undefined {
  const value = fields.get(name)
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' && isForm(request)) return [value]
  return Array.isArray(value) ? value : mismatch(request, name, '[]interface')
}
