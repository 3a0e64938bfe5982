import { expect, test } from 'vitest'
import { findQuietEnd } from '../../src/jobs/quiet-hours.js'

const at = (time: string) => Date.parse(time)
const toTime = (end: number | undefined) => (end === undefined ? undefined : new Date(end).toISOString())

const night = { from: '22:00', to: '06:00', timezone: 'UTC' }

test.each([
  ['2026-11-21T21:59:59Z', undefined],
  ['2026-11-21T22:00:00Z', '2026-11-22T06:00:00.000Z'],
  ['2026-11-21T23:59:59Z', '2026-11-22T06:00:00.000Z'],
  ['2026-11-22T00:00:00Z', '2026-11-22T06:00:00.000Z'],
  ['2026-11-22T05:59:59Z', '2026-11-22T06:00:00.000Z'],
  ['2026-11-22T06:00:00Z', undefined],
])('hours over midnight: at %s they end at %s', (time, end) => {
  expect(toTime(findQuietEnd(night, at(time)))).toBe(end)
})

test('hours within a day end on that day', () => {
  const lunch = { from: '12:00', to: '13:30', timezone: 'UTC' }

  expect(findQuietEnd(lunch, at('2026-11-21T11:59:00Z'))).toBeUndefined()
  expect(toTime(findQuietEnd(lunch, at('2026-11-21T12:00:30Z')))).toBe('2026-11-21T13:30:00.000Z')
})

test('they are those of the place that is named', () => {
  const there = { ...night, timezone: 'Asia/Kolkata' }

  // 22:30 in Kolkata, half an hour off the whole one
  expect(toTime(findQuietEnd(there, at('2026-11-21T17:00:00Z')))).toBe('2026-11-22T00:30:00.000Z')
  expect(findQuietEnd(there, at('2026-11-21T22:30:00Z') + 3 * 3_600_000)).toBeUndefined()
})

test('hours that begin when they end are none, and no hours are none', () => {
  expect(findQuietEnd({ ...night, to: '22:00' }, at('2026-11-21T22:00:00Z'))).toBeUndefined()
  expect(findQuietEnd(undefined, 0)).toBeUndefined()
})

test('where the clock changes in them, what waits looks again at the hour that was told', () => {
  const here = { ...night, timezone: 'Europe/Berlin' }
  const told = findQuietEnd(here, at('2026-10-24T22:00:00Z'))

  // the night has an hour more: at the told time it is five o’clock there, and the hours go on to six
  expect(toTime(told)).toBe('2026-10-25T04:00:00.000Z')
  expect(toTime(findQuietEnd(here, told ?? 0))).toBe('2026-10-25T05:00:00.000Z')
})
