import { describe, expect, test } from 'vitest'
import { createLogger } from '../../src/lib/logger.js'

function logOne(fields: Record<string, unknown>): { line: string; parsed: Record<string, unknown> } {
  let line = ''
  const log = createLogger('DEBUG', {
    write: (text) => {
      line += text
    },
  })
  log.info(fields, 'something_happened')
  return { line, parsed: JSON.parse(line) }
}

describe('a log line', () => {
  test('says what happened, when, at which level, and its fields', () => {
    const { parsed } = logOne({ tool: 'get_issue', status: 'success' })
    expect(parsed).toMatchObject({
      level: 'info',
      event: 'something_happened',
      tool: 'get_issue',
      status: 'success',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    })
  })

  test('never shows a field that names a secret, however deep it sits', () => {
    const { line, parsed } = logOne({
      token: 's3cret-a',
      request: { authorization: 's3cret-b', path: '/x', form: [{ client_secret: 's3cret-c' }] },
    })
    expect(line).not.toContain('s3cret')
    expect(parsed).toMatchObject({ token: '***', request: { authorization: '***', path: '/x' } })
  })

  test('shows an error with its stack and without the secrets that were hung on it', () => {
    const { line, parsed } = logOne({
      err: Object.assign(new Error('no answer'), { access_token: 's3cret', status: 502 }),
    })
    expect(line).not.toContain('s3cret')
    expect(parsed.err).toMatchObject({ message: 'no answer', status: 502, access_token: '***' })
    expect(String((parsed.err as { stack: string }).stack)).toContain('logger.test')
  })

  test('leaves the object that was logged as it is', () => {
    const fields = { password: 'mine', nested: { state: 'open' } }
    logOne(fields)
    expect(fields).toEqual({ password: 'mine', nested: { state: 'open' } })
  })
})
