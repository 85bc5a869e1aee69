/** A bell that remembers: waiting for it after it was rung does not wait for the next time. */
export class Bell {
  #isRung = false
  #waiting: (() => void) | undefined

  ring(): void {
    this.#isRung = true
    this.#waiting?.()
  }

  /** Resolves when the bell is rung, or was rung since the last wait. One at a time may wait. */
  async next(): Promise<void> {
    if (!this.#isRung) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve
      })
    }
    this.#isRung = false
    this.#waiting = undefined
  }
}
