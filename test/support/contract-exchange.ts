import type { GiteaClient } from '../../src/gitea/client.js'
import type { OperationName } from '../../src/gitea/operations.js'

/** One operation of the allow-list, sent by the product's own function. */
interface Exchange {
  send(client: GiteaClient): Promise<unknown>
  /** What the story of seed-gitea.ts makes of it, as `toMatchObject` compares. */
  readonly parsed: object
}

export type Exchanges = Partial<Record<OperationName, Exchange>>
