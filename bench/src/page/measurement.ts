/** What a page or a worker hands back, and the stretch of time in which it is measured (and profiled, if asked for). */

/** One measurement. */
export interface Measurement {
  /** How long it took, ms. */
  readonly tookMs: number
  /** How many operations it was about, counted in the store or by the sender and not taken from the task. */
  readonly operations: number
}

declare global {
  /** Set from outside when the measured stretch is to be profiled. */
  var isProfiled: boolean | undefined
}

/** The name under which the browser hands out the profile of the measured stretch. */
export const profileName = 'measured'

/** Times work, ms. Nothing outside of it is in any figure or profile. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  if (globalThis.isProfiled === true) console.profile(profileName)
  const startMs = performance.now()
  await work()
  const tookMs = performance.now() - startMs
  if (globalThis.isProfiled === true) console.profileEnd(profileName)
  return tookMs
}
