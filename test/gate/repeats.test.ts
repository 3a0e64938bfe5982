import { expect, test } from 'vitest'
import type { ToolCall } from '../../src/gate/call.js'
import { createRepeats, type Entrance } from '../../src/gate/repeats.js'
import { buildCaller } from '../support/build-caller.js'

const clock = { now: () => 1000 }
const done = { kind: 'done', answer: { data: {}, text: 'Created' } } as const

function callOf(id: string, signal = new AbortController().signal): ToolCall {
  return { tool: 'create_issue', args: {}, caller: buildCaller(), id, requestId: id, address: '', via: 'mcp', signal }
}

function settle(entrance: Entrance, kept?: Parameters<Extract<Entrance, { kind: 'first' }>['settle']>[0]) {
  expect(entrance.kind).toBe('first')
  if (entrance.kind === 'first') entrance.settle(kept)
}

test('of those that wait for a first one that failed, one is the next first', async () => {
  const repeats = createRepeats(clock)
  const first = await repeats.enter(callOf('1'), {})
  const waiting = [repeats.enter(callOf('2'), {}), repeats.enter(callOf('3'), {})]

  settle(first)
  settle(await Promise.race(waiting), done)

  expect((await Promise.all(waiting)).map(({ kind }) => kind).sort()).toEqual(['done', 'first'])
})

test('only so many results are kept, the oldest go, and what runs is never forgotten', async () => {
  const repeats = createRepeats(clock)
  const running = await repeats.enter(callOf('running'), { n: 'running' })
  for (let n = 0; n < 600; n += 1) settle(await repeats.enter(callOf(`${n}`), { n }), done)

  expect((await repeats.enter(callOf('again'), { n: 599 })).kind).toBe('done')
  expect((await repeats.enter(callOf('again'), { n: 0 })).kind).toBe('first')
  const leaving = AbortSignal.abort()
  expect((await repeats.enter(callOf('again', leaving), { n: 'running' })).kind).toBe('left')
  settle(running)
})

test('each run of a job writes for itself, and the attempts of one run are one', async () => {
  const repeats = createRepeats(clock)
  const fromRun = (run: string): ToolCall => ({ ...callOf('1'), via: 'job', requestId: run })
  settle(await repeats.enter(fromRun('job-1'), {}), done)

  expect((await repeats.enter(fromRun('job-1'), {})).kind).toBe('done')
  settle(await repeats.enter(fromRun('job-2'), {}))
})
