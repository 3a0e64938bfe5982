/** A commit waits at most so many turns of the event loop for calls that arrive together. */
const MAX_TURNS = 4

/**
 * When the entries that callers wait for are committed: at the end of this turn of the event loop, or a few turns later
 * while several calls run at once. More of them are then usually a turn away, and sharing a commit saves the dearest part
 * of a call. A lone caller never waits for it.
 */
export class CommitTurn {
  #immediate: NodeJS.Immediate | undefined
  #lastWaiting = 0

  /** @param countWaiting how many callers wait now */
  constructor(
    private readonly countWaiting: () => number,
    private readonly commit: () => void,
  ) {}

  get isDue(): boolean {
    return this.#immediate !== undefined
  }

  request(): void {
    this.#immediate ??= setImmediate(() => this.#end(0, 1))
  }

  cancel(): void {
    clearImmediate(this.#immediate)
    this.#immediate = undefined
  }

  #end(seen: number, turns: number): void {
    const waiting = this.countWaiting()
    if (waiting > seen && turns < MAX_TURNS && Math.max(waiting, this.#lastWaiting) > 1) {
      this.#immediate = setImmediate(() => this.#end(waiting, turns + 1))
      return
    }
    this.#lastWaiting = waiting
    this.commit()
  }
}
