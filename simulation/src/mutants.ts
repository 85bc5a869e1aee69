/**
 * The mutants: deliberate bugs, each of the kind that a queue is really written with. The simulation is only worth
 * something if it catches all of them. MUTANTS.md lists them.
 */
import type { NamedMutant } from './mutant.ts'
import { serverMutants } from './server-mutants.ts'
import { storeMutants } from './store-mutants.ts'
import { transportMutants } from './transport-mutants.ts'

/** Mutants of what a context stands on. */
const contextMutants: readonly NamedMutant[] = [
  {
    name: 'no backoff',
    keeps: 'I10',
    mutant: {
      environment: (environment) => {
        let aheadMs = 0
        // A clock that leaps with every timer: every wait is over at once.
        return {
          ...environment,
          clock: {
            now: () => environment.clock.now() + aheadMs,
            timer: (delayMs, callback) => {
              if (delayMs > 500 && delayMs < 90_000) aheadMs += delayMs
              return environment.clock.timer(delayMs < 90_000 ? Math.min(delayMs, 100) : delayMs, callback)
            },
          },
        }
      },
    },
  },
  { name: 'one queue for all people of a device', keeps: 'I5', mutant: { sharesQueue: true } },
  {
    name: 'long waits never end',
    keeps: 'I11',
    mutant: {
      environment: (environment) => ({
        ...environment,
        clock: {
          now: () => environment.clock.now(),
          timer: (delayMs, callback) => (delayMs > 4000 ? () => {} : environment.clock.timer(delayMs, callback)),
        },
      }),
    },
  },
  {
    name: 'tabs do not hear one another',
    keeps: 'I11 I12',
    mutant: {
      environment: (environment) => ({
        ...environment,
        openChannel: () => ({ post: () => {}, close: () => {} }),
      }),
    },
  },
  {
    name: 'a lock that is never given',
    keeps: 'I11',
    mutant: {
      environment: (environment) => ({
        ...environment,
        locks: { acquire: () => new Promise(() => {}) },
      }),
    },
  },
]

/** All mutants. */
export const mutants: readonly NamedMutant[] = [
  ...storeMutants,
  ...transportMutants,
  ...serverMutants,
  ...contextMutants,
]
