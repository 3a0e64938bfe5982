import { z } from 'zod'

const LogLine = z.looseObject({
  level: z.string(),
  timestamp: z.string(),
  event: z.string(),
  request_id: z.string().optional(),
})

/** One JSON line of the server's log for a person: time, level, event, and its fields. Other lines stay as they are. */
export function toReadableLog(line: string): string {
  const parsed = LogLine.safeParse(findJson(line))
  if (!parsed.success) {
    return line
  }
  // the request id ties log and audit together, which nobody follows by eye
  const { level, timestamp, event, request_id: _, ...fields } = parsed.data
  const facts = Object.entries(fields).map(([name, value]) => `${name}=${toText(value)}`)
  return [timestamp.slice(11, 19), level.padEnd(5), event.padEnd(14), ...facts].join(' ')
}

function findJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    // what the server prints before its log exists, or when it crashes
    return undefined
  }
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
