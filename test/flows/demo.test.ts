import { expect, test } from 'vitest'
import { installStory } from '../../scripts/demo/installation.js'
import { createNarrator, StepFailed } from '../../scripts/demo/narrator.js'
import { playStory } from '../../scripts/demo/story.js'
import { seedSecrets } from '../support/seed-secrets.js'

test('the demo tells its story to the end, within a screen or two, and shows no secret', async () => {
  const installation = await installStory()
  const printed: string[] = []
  const say = createNarrator(
    (line) => printed.push(line),
    (_style, text) => text,
  )
  const server = await installation.start()
  try {
    await playStory(installation, say)
  } finally {
    await server.stop()
    await installation.remove()
  }

  const text = printed.join('\n')
  expect(say.steps).toBe(12)
  expect(text).toContain('[secret masked: gitea-token]')
  expect(text).toContain('NOT intact')
  expect(text.trimEnd().split('\n').at(-1)).toContain('401')
  expect(printed.length).toBeLessThan(90)
  expect(printed.filter((line) => line.length > 120)).toEqual([])
  for (const secret of Object.values(seedSecrets)) {
    expect(text).not.toContain(secret)
  }
})

test('a server that does less than the demo tells makes it stop, with the step named', async () => {
  const installation = await installStory()
  const say = createNarrator(
    () => {},
    (_style, text) => text,
  )
  try {
    await expect(playStory(installation, say)).rejects.toThrow(StepFailed)
    await expect(playStory(installation, say)).rejects.toThrow(/^Step 1 \(An AI client .*\) did not come out as told/)
  } finally {
    await installation.remove()
  }
  expect(say.steps).toBe(0)
})
