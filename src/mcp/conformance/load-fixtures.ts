import type { Fixtures } from '../server.js'

/** The conformance suite's fixtures; their code is loaded only where the switch is on. */
export async function loadFixtures(isOn: boolean): Promise<{ readonly fixtures?: Fixtures }> {
  if (!isOn) {
    return {}
  }
  const { createConformanceFixtures } = await import('./fixtures.js')
  return { fixtures: createConformanceFixtures() }
}
