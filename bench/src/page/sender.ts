/** A sender that takes a set time, the same for every side. */

/** Timers are late by about a millisecond: the last stretch is waited for by looking at the clock, ms. */
const lookingMs = 2

/** Waits `delayMs`, not a millisecond more: what a side loses besides is its own. */
export async function waitExactly(delayMs: number): Promise<void> {
  if (delayMs <= 0) return
  const untilMs = performance.now() + delayMs
  await new Promise((resolve) => setTimeout(resolve, delayMs - lookingMs))
  const { port1, port2 } = new MessageChannel()
  // A turn of the event loop for each look, so that storage is heard in between.
  await new Promise<void>((resolve) => {
    port1.onmessage = () => {
      if (performance.now() >= untilMs) resolve()
      else port2.postMessage(0)
    }
    port2.postMessage(0)
  })
  port1.close()
}
