import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLabel } from '../../src/tools/create-label.js'
import type { GiteaUnderTest } from '../support/gitea-under-test.js'
import { startGitea } from '../support/start-gitea.js'
import { createToolRunner, type ToolRunner } from './run-tool.js'

let gitea: GiteaUnderTest
let alice: ToolRunner

beforeAll(async () => {
  gitea = await startGitea()
  alice = await createToolRunner(gitea)
})

afterAll(async () => {
  await alice.close()
  await gitea.close()
})

const booking = { owner: 'harbor', repo: 'booking' }

test('makes a label', async () => {
  const text = await alice.text(createLabel, {
    ...booking,
    name: 'weather/fog',
    color: '#00AABB',
    description: 'Ships wait',
    exclusive: true,
  })

  expect(text).toMatchInlineSnapshot(`
    "Created label weather/fog in harbor/booking: #00aabb, exclusive, Ships wait
    https://gitea.example/harbor/booking/labels"
  `)
})

test('a short color and no description will do', async () => {
  const { data } = await alice.run(createLabel, { ...booking, name: ' quick  win ', color: '0af' })

  expect(data).toMatchObject({ name: 'quick win', color: '#00aaff', description: '', exclusive: false })
})

test('a name that exists is refused, in any case and from the organisation too', async () => {
  await gitea.addLabel({ owner: 'harbor', name: 'storm', color: '123456' })

  for (const name of ['Bug', 'STORM']) {
    await expect(alice.run(createLabel, { ...booking, name, color: '#fff' })).rejects.toThrow(
      `There is a label "${name.toLowerCase()}" (#`,
    )
  }
})

test.each([
  [{ name: 'x', color: 'red' }, 'must be a hex color like #00aabb'],
  [{ name: ' ', color: '#fff' }, 'must not be blank'],
  [{ name: 'high', color: '#fff', exclusive: true }, 'scope/name'],
  [{ name: 'tide/', color: '#fff', exclusive: true }, 'scope/name'],
])('refuses %j', async (label, reason) => {
  await expect(alice.run(createLabel, { ...booking, ...label })).rejects.toThrow(reason)
})

test('somebody without write access is refused', async () => {
  const mallory = await createToolRunner(gitea, 'mallory')

  await expect(mallory.run(createLabel, { ...booking, name: 'mine', color: '#fff' })).rejects.toMatchObject({
    rule: 'gitea.permission',
  })
  await mallory.close()
})
