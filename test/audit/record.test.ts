import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findCanonicalJson } from '../../src/audit/canonical-json.js'
import { type AuditEvent, GENESIS_HASH, sealDraft, toDraft, toInterrupted } from '../../src/audit/record.js'
import { callOutcome, pendingCall } from './calls.js'

const AT = Date.UTC(2026, 10, 21, 12, 0, 0, 7)

describe('an audit entry', () => {
  test('says who called what, where, by which rule, and where it stands in the chain', () => {
    const event = pendingCall('c-1', { correlation_id: 'trace-9' })

    const { body } = sealDraft(toDraft(event, AT), 17, 'a'.repeat(64), 12)

    expect(JSON.parse(body)).toEqual({
      v: 1,
      seq: 17,
      timestamp: '2026-11-21T12:00:00.007Z',
      open_since: 12,
      prev_hash: 'a'.repeat(64),
      ...event,
    })
  })

  test('is hashed over exactly its canonical bytes, previous hash included', () => {
    const { body, hash } = sealDraft(toDraft(callOutcome('c-1'), AT), 1, GENESIS_HASH)

    expect(findCanonicalJson(body)).toBeDefined()
    expect(hash).toBe(createHash('sha256').update(body, 'utf8').digest('hex'))
    expect(body).toContain(`"prev_hash":"${'0'.repeat(64)}"`)
  })

  test('is canonical whatever arguments and names it is given', () => {
    const anything = fc.dictionary(fc.string({ unit: 'binary' }), fc.anything())
    const hostile = fc.string({ unit: fc.constantFrom('a', '\ud800', '\udc00', '"', '\\', '\n', '\u2028', '💥') })

    fc.assert(
      fc.property(anything, hostile, fc.boolean(), (data, text, isPending) => {
        const extra = { arguments: data, details: data, reason: text, tool: text, via: text, correlation_id: text }
        const event: AuditEvent = isPending ? pendingCall(text, extra) : callOutcome(text, extra)

        const { body } = sealDraft(toDraft(event, AT), 5, GENESIS_HASH, isPending ? 3 : undefined)

        expect(findCanonicalJson(body)).toBeDefined()
      }),
    )
  })

  test.each([60, 61, 62, 63, 64, 65, 200])('is readable with arguments nested %i deep', (levels) => {
    const nested: unknown = JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`)

    const { body } = sealDraft(toDraft(pendingCall('c-1', { arguments: { nested } }), AT), 1, GENESIS_HASH, 1)

    expect(findCanonicalJson(body)).toBeDefined()
  })

  test('keeps what can be kept of a value that JSON cannot hold', () => {
    const event = pendingCall('c-1', {
      arguments: { text: 'a\ud800b', zero: -0, nan: Number.NaN, when: new Date(0), keys: { '\ud800': 1 } },
    })

    const { body } = sealDraft(toDraft(event, AT), 1, GENESIS_HASH, 1)

    expect((JSON.parse(body) as { arguments: unknown }).arguments).toEqual({
      text: 'a\ufffdb',
      zero: 0,
      nan: null,
      when: '[unrecordable]',
      keys: '[unrecordable]',
    })
  })

  test('does not change when the caller changes the arguments afterwards', () => {
    const args = { title: 'before' }
    const draft = toDraft(pendingCall('c-1', { arguments: args }), AT)

    args.title = 'after'

    expect(sealDraft(draft, 1, GENESIS_HASH, 1).body).toContain('"title":"before"')
  })

  test('an interruption names the same call, person and place as the call it ends', () => {
    const pending = pendingCall('c-1', { correlation_id: 'trace-9' })

    const event = toInterrupted(pending, 'The server stopped.')

    const { call, request_id, correlation_id, actor, via, tool, target } = pending
    expect(event).toEqual({
      type: 'tool_invocation',
      status: 'interrupted',
      reason: 'The server stopped.',
      ...{ call, request_id, correlation_id, actor, via, tool, target },
    })
  })
})
