/**
 * Bounds the password checks that are under way at once, whoever asks: each costs memory and a thread for a while, and
 * made-up addresses would give a stranger any number of them.
 */

/** Password checks that may be under way at once: four rounds of the four threads that Node gives scrypt by default. */
export const checksMax = 16

/** Counts the checks that are under way. */
export interface CheckLimit {
  /** Runs a check, or returns `undefined` when as many as may be are under way; then nothing was run. */
  readonly run: <T>(check: () => Promise<T>) => Promise<T> | undefined
}

/** Makes a limit. */
export function createCheckLimit(max: number = checksMax): CheckLimit {
  let underWay = 0
  return {
    run: (check) => {
      if (underWay >= max) return undefined
      underWay += 1
      const leave = () => {
        underWay -= 1
      }
      // An async wrapper, so that a check that throws at once leaves as well.
      return (async () => check())().finally(leave)
    },
  }
}
